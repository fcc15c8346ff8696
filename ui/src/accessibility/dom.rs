//! The twin in the page.

use std::cell::RefCell;
use std::collections::HashMap;

use egui::accesskit::{Action, ActionData, ActionRequest, NodeId, TreeId};
use egui::{Context, Event, Modifiers};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Document, Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent,
};

use super::Sink;
use super::keys::translate;
use super::tree::{Op, ROOT};

/// The attribute that carries a node's id.
const NODE: &str = "data-node";

thread_local! {
    // Elements of a page are not `Send`, which a plugin must be; a page has one thread.
    static PAGE: RefCell<Option<Page>> = const { RefCell::new(None) };
    static EVENTS: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

struct Page {
    document: Document,
    root: HtmlElement,
    elements: HashMap<u64, Element>,
    _listeners: Vec<Closure<dyn FnMut(web_sys::Event)>>,
}

/// Writes into the page's element with the id `kitbench-mirror`, which it makes.
pub(super) struct PageSink;

impl PageSink {
    pub(super) fn new(ctx: &Context) -> Result<Self, JsValue> {
        let document = web_sys::window()
            .and_then(|window| window.document())
            .ok_or("there is no document")?;
        let body = document.body().ok_or("the document has no body")?;
        let root: HtmlElement = document.create_element("div")?.unchecked_into();
        root.set_id("kitbench-mirror");
        root.set_attribute("role", "application")?;
        root.set_attribute("aria-label", "Kitbench")?;
        body.append_child(&root)?;
        let mut listeners = Vec::new();
        for (name, act) in [
            ("click", on_click as fn(&web_sys::Event, &Element)),
            ("input", on_input),
            ("focusin", on_focus),
            ("keydown", |event, element| on_key(event, element, true)),
            ("keyup", |event, element| on_key(event, element, false)),
        ] {
            let waker = ctx.clone();
            let heard = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
                if let Some(element) = target(&event) {
                    act(&event, &element);
                    crate::pacer::wake(&waker);
                }
            });
            root.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref())?;
            listeners.push(heard);
        }
        let page = Page {
            document,
            root,
            elements: HashMap::new(),
            _listeners: listeners,
        };
        PAGE.with_borrow_mut(|slot| *slot = Some(page));
        Ok(Self)
    }
}

fn target(event: &web_sys::Event) -> Option<Element> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest(&format!("[{NODE}]")).ok()?
}

fn node_of(element: &Element) -> Option<u64> {
    element.get_attribute(NODE)?.parse().ok()
}

fn request(element: &Element, action: Action, data: Option<ActionData>) {
    let Some(id) = node_of(element) else { return };
    let request = ActionRequest {
        action,
        target_tree: TreeId::ROOT,
        target_node: NodeId(id),
        data,
    };
    EVENTS.with_borrow_mut(|events| events.push(Event::AccessKitActionRequest(request)));
}

fn on_click(event: &web_sys::Event, element: &Element) {
    event.prevent_default();
    request(
        element,
        if is_field(element) {
            Action::Focus
        } else {
            Action::Click
        },
        None,
    );
}

fn on_input(_: &web_sys::Event, element: &Element) {
    let value = match (
        element.dyn_ref::<HtmlInputElement>(),
        element.dyn_ref::<HtmlTextAreaElement>(),
    ) {
        (Some(input), _) => input.value(),
        (_, Some(area)) => area.value(),
        _ => return,
    };
    request(
        element,
        Action::SetValue,
        Some(ActionData::Value(value.into())),
    );
}

fn on_focus(_: &web_sys::Event, element: &Element) {
    request(element, Action::Focus, None);
}

fn is_field(element: &Element) -> bool {
    matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA")
}

fn on_key(event: &web_sys::Event, element: &Element, pressed: bool) {
    let Some(event) = event.dyn_ref::<KeyboardEvent>() else {
        return;
    };
    let modifiers = Modifiers {
        alt: event.alt_key(),
        ctrl: event.ctrl_key(),
        shift: event.shift_key(),
        mac_cmd: event.meta_key(),
        command: event.ctrl_key() || event.meta_key(),
    };
    let field = is_field(element);
    let area = element.tag_name() == "TEXTAREA";
    let mut heard = translate(&event.key(), modifiers, pressed, field);
    // A new line of a text area is its own.
    if area
        && matches!(event.key().as_str(), "Enter" | "ArrowUp" | "ArrowDown")
        && !modifiers.command
    {
        return;
    }
    if heard.prevent_default && pressed {
        event.prevent_default();
    }
    EVENTS.with_borrow_mut(|events| events.append(&mut heard.events));
}

impl Sink for PageSink {
    fn apply(&mut self, ops: Vec<Op>) {
        PAGE.with_borrow_mut(|page| {
            if let Some(page) = page {
                for op in ops {
                    // An element that cannot be made is missing from the twin; the window works on.
                    let _ = page.apply(op);
                }
            }
        });
    }

    fn take_events(&mut self) -> Vec<Event> {
        EVENTS.take()
    }

    fn has_focus(&self) -> bool {
        PAGE.with_borrow(|page| page.as_ref().is_some_and(Page::has_focus))
    }
}

impl Page {
    fn has_focus(&self) -> bool {
        self.document
            .active_element()
            .is_some_and(|active| self.root.contains(Some(&active)) && active != *self.root)
    }

    /// Takes an element out of the page. With the focus on nothing, keys would go nowhere, so the
    /// canvas gets it.
    fn take_out(&self, element: &Element) -> Result<(), JsValue> {
        let active = self.document.active_element();
        let holds_focus = active.is_some_and(|active| element.contains(Some(&active)));
        element.remove();
        if holds_focus && let Some(canvas) = self.document.query_selector("canvas")? {
            canvas.unchecked_ref::<HtmlElement>().focus()?;
        }
        Ok(())
    }

    fn apply(&mut self, op: Op) -> Result<(), JsValue> {
        match op {
            Op::Create { id, tag } => {
                if let Some(old) = self.elements.remove(&id) {
                    self.take_out(&old)?;
                }
                let element = self.document.create_element(tag)?;
                element.set_attribute(NODE, &id.to_string())?;
                self.elements.insert(id, element);
            }
            Op::Set { id, name, value } => {
                let Some(element) = self.elements.get(&id) else {
                    return Ok(());
                };
                if name == "data-text" {
                    // Text only: a stranger's README can never become a tag.
                    element.set_text_content(Some(&value));
                } else if name == "style" {
                    element
                        .unchecked_ref::<HtmlElement>()
                        .style()
                        .set_css_text(&value);
                } else {
                    element.set_attribute(name, &value)?;
                }
            }
            Op::Unset { id, name } => {
                if let Some(element) = self.elements.get(&id) {
                    element.remove_attribute(name)?;
                }
            }
            Op::Value { id, value } => {
                let Some(element) = self.elements.get(&id) else {
                    return Ok(());
                };
                if let Some(input) = element.dyn_ref::<HtmlInputElement>()
                    && input.value() != value
                {
                    input.set_value(&value);
                } else if let Some(area) = element.dyn_ref::<HtmlTextAreaElement>()
                    && area.value() != value
                {
                    area.set_value(&value);
                }
            }
            Op::Children { id, children } => {
                let parent: &Element = if id == ROOT {
                    &self.root
                } else {
                    match self.elements.get(&id) {
                        Some(parent) => parent,
                        None => return Ok(()),
                    }
                };
                // Only those out of place are moved: moving an element takes the focus from it.
                let mut next = parent.first_element_child();
                for child in children.iter().filter_map(|child| self.elements.get(child)) {
                    if next.as_ref() == Some(child) {
                        next = child.next_element_sibling();
                    } else {
                        parent.insert_before(
                            child,
                            next.as_ref().map(|next| -> &web_sys::Node { next }),
                        )?;
                    }
                }
            }
            Op::Remove { id } => {
                if let Some(element) = self.elements.remove(&id) {
                    self.take_out(&element)?;
                }
            }
            Op::Focus { id } => self.focus(id)?,
        }
        Ok(())
    }

    fn focus(&self, id: Option<u64>) -> Result<(), JsValue> {
        let element = id.and_then(|id| self.elements.get(&id));
        let Some(active) = self.document.active_element() else {
            return Ok(());
        };
        if self.root.contains(Some(&active)) {
            // The focus of the page is in the twin and follows egui's. When egui's is gone, the
            // element stays focused, so that a reader keeps its place.
            if let Some(element) = element
                && *element != active
            {
                let options = web_sys::FocusOptions::new();
                options.set_prevent_scroll(true);
                element
                    .unchecked_ref::<HtmlElement>()
                    .focus_with_options(&options)?;
            }
            return Ok(());
        }
        // Someone types into the canvas: tell readers which element that is.
        match (id, element) {
            (Some(id), Some(element)) => {
                let name = format!("kitbench-node-{id}");
                element.set_id(&name);
                active.set_attribute("aria-activedescendant", &name)
            }
            _ => active.remove_attribute("aria-activedescendant"),
        }
    }
}
