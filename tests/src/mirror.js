// Finds nodes of the accessibility mirror and acts on them. Runs inside the page, as the body of a
// function whose arguments are a query, an action and the action's text.
const [query, action, text] = arguments;
const tags = { button: "button", textarea: "textbox" };
const inputs = { search: "searchbox" };
const role = (node) =>
  node.getAttribute("role") ||
  (node.tagName === "INPUT" ? inputs[node.type] || "textbox" : tags[node.tagName.toLowerCase()]) ||
  "text";
// What a box holds is said by its children; only they have text.
const name = (node) =>
  (node.getAttribute("aria-label") || (node.childElementCount ? "" : node.textContent) || "").trim();
const matches = (node) => {
  if (query.role && !query.role.split("|").includes(role(node))) return false;
  if (query.is !== undefined && name(node) !== query.is) return false;
  if (query.contains !== undefined && !name(node).includes(query.contains)) return false;
  return true;
};
const flag = (node, attribute) => node.getAttribute(attribute) === "true";
const describe = (node) => {
  const box = node.getBoundingClientRect();
  return {
    role: role(node),
    name: name(node),
    value: node.value ?? node.getAttribute("aria-valuetext") ?? node.getAttribute("aria-valuenow"),
    disabled: Boolean(node.disabled) || flag(node, "aria-disabled"),
    checked: Boolean(node.checked) || flag(node, "aria-checked") || flag(node, "aria-pressed"),
    selected: flag(node, "aria-selected") || node.hasAttribute("aria-current"),
    expanded: flag(node, "aria-expanded"),
    focused: document.activeElement === node,
    bounds: [box.x, box.y, box.width, box.height],
  };
};
const all = [...document.querySelectorAll("#kitbench-mirror [data-node]")];
const found = all.filter(matches);
const node = found[query.nth || 0];
if (action === "list" || !node) return found.map(describe);
const before = describe(node);
if (action !== "describe" && before.disabled) return [before];
switch (action) {
  case "click":
    node.click();
    break;
  case "focus":
    node.focus();
    break;
  case "set":
    node.focus();
    node.value = text;
    node.dispatchEvent(new Event("input", { bubbles: true }));
    node.dispatchEvent(new Event("change", { bubbles: true }));
    break;
}
return [before];
