//! The twin, frame by frame.

use egui::accesskit::{Node, NodeId, Rect, Role, Toggled, TreeId, TreeInfo, TreeUpdate};

use super::tree::{Op, ROOT, Twin};

fn frame(nodes: Vec<(u64, Node)>, focus: u64) -> TreeUpdate {
    TreeUpdate {
        nodes: nodes
            .into_iter()
            .map(|(id, node)| (NodeId(id), node))
            .collect(),
        tree: Some(TreeInfo::new(NodeId(1))),
        tree_id: TreeId::ROOT,
        focus: NodeId(focus),
    }
}

fn node(role: Role, label: &str, children: &[u64]) -> Node {
    let mut node = Node::new(role);
    if !label.is_empty() {
        node.set_label(label);
    }
    node.set_children(children.iter().map(|id| NodeId(*id)).collect::<Vec<_>>());
    node
}

fn screen(label: &str) -> Vec<(u64, Node)> {
    let mut pack = node(Role::Button, label, &[]);
    pack.set_bounds(Rect {
        x0: 10.0,
        y0: 20.0,
        x1: 110.0,
        y1: 48.0,
    });
    let mut field = node(Role::TextInput, "Tag", &[6]);
    field.set_value("v0.8.0");
    vec![
        (1, node(Role::Window, "", &[2])),
        (2, node(Role::GenericContainer, "", &[3, 4])),
        (3, pack),
        (4, node(Role::GenericContainer, "", &[5])),
        (5, field),
        (6, node(Role::TextRun, "", &[])),
    ]
}

#[test]
fn boxes_vanish_and_things_stay() {
    let mut twin = Twin::default();
    let ops = twin.update(&frame(screen("Pack"), 5), 1.5);
    let creates: Vec<_> = ops
        .iter()
        .filter(|op| matches!(op, Op::Create { .. }))
        .collect();
    assert_eq!(
        creates,
        [
            &Op::Create {
                id: 3,
                tag: "button"
            },
            &Op::Create {
                id: 5,
                tag: "input"
            }
        ]
    );
    assert!(ops.contains(&Op::Children {
        id: ROOT,
        children: vec![3, 5]
    }));
    assert!(ops.contains(&Op::Set {
        id: 3,
        name: "aria-label",
        value: "Pack".into()
    }));
    assert!(ops.contains(&Op::Set {
        id: 3,
        name: "style",
        value: "left:15px;top:30px;width:150px;height:42px".into()
    }));
    assert!(ops.contains(&Op::Value {
        id: 5,
        value: "v0.8.0".into()
    }));
    assert_eq!(ops.last(), Some(&Op::Focus { id: Some(5) }));
}

#[test]
fn only_what_changed_is_sent() {
    let mut twin = Twin::default();
    twin.update(&frame(screen("Pack"), 5), 1.0);
    assert!(twin.update(&frame(screen("Pack"), 5), 1.0).is_empty());
    let ops = twin.update(&frame(screen("Pack v0.8.0…"), 1), 1.0);
    assert_eq!(
        ops,
        [
            Op::Set {
                id: 3,
                name: "aria-label",
                value: "Pack v0.8.0…".into()
            },
            Op::Focus { id: None },
        ]
    );
}

#[test]
fn what_is_gone_is_removed() {
    let mut twin = Twin::default();
    twin.update(&frame(screen("Pack"), 5), 1.0);
    let ops = twin.update(
        &frame(
            vec![
                (1, node(Role::Window, "", &[3])),
                (3, node(Role::Button, "Pack", &[])),
            ],
            1,
        ),
        1.0,
    );
    assert!(ops.contains(&Op::Children {
        id: ROOT,
        children: vec![3]
    }));
    assert!(ops.contains(&Op::Remove { id: 5 }));
    assert!(ops.contains(&Op::Unset {
        id: 3,
        name: "style"
    }));
}

#[test]
fn another_role_makes_another_element() {
    let mut twin = Twin::default();
    twin.update(
        &frame(
            vec![
                (1, node(Role::Window, "", &[3])),
                (3, node(Role::Button, "A", &[])),
            ],
            1,
        ),
        1.0,
    );
    let ops = twin.update(
        &frame(
            vec![
                (1, node(Role::Window, "", &[3])),
                (3, node(Role::TextInput, "A", &[])),
            ],
            1,
        ),
        1.0,
    );
    assert_eq!(
        ops.first(),
        Some(&Op::Create {
            id: 3,
            tag: "input"
        })
    );
}

#[test]
fn states_become_aria() {
    let mut tick = node(Role::CheckBox, "Move latest too", &[]);
    tick.set_toggled(Toggled::Mixed);
    tick.set_disabled();
    tick.set_description("Nothing to move");
    let mut group = node(Role::DisclosureTriangle, "Runs", &[]);
    group.set_expanded(true);
    let mut on = node(Role::Button, "Both", &[]);
    on.set_toggled(Toggled::True);
    let mut twin = Twin::default();
    twin.update(
        &frame(
            vec![
                (1, node(Role::Window, "", &[3, 4, 5])),
                (3, tick),
                (4, group),
                (5, on),
            ],
            1,
        ),
        1.0,
    );
    let get = |id: u64, name: &str| {
        twin.elements()[&id]
            .attributes
            .get(name)
            .map(String::as_str)
    };
    assert_eq!(get(3, "role"), Some("checkbox"));
    assert_eq!(get(3, "aria-checked"), Some("mixed"));
    assert_eq!(get(3, "aria-disabled"), Some("true"));
    assert_eq!(get(3, "aria-description"), Some("Nothing to move"));
    assert_eq!(get(4, "aria-expanded"), Some("true"));
    assert_eq!(get(5, "aria-pressed"), Some("true"));
}

#[test]
fn a_tree_that_bites_its_tail_ends() {
    let mut twin = Twin::default();
    let nodes = vec![
        (1, node(Role::Window, "", &[2])),
        (2, node(Role::Dialog, "A", &[3])),
        (3, node(Role::Dialog, "B", &[2, 1, 9])),
    ];
    let ops = twin.update(&frame(nodes, 1), 1.0);
    assert_eq!(
        ops.iter()
            .filter(|op| matches!(op, Op::Create { .. }))
            .count(),
        2
    );
}

#[test]
fn a_secret_is_never_written_into_the_page() {
    let mut secret = node(Role::PasswordInput, "Password", &[]);
    secret.set_value("••••••");
    let mut twin = Twin::default();
    let nodes = vec![(1, node(Role::Window, "", &[3])), (3, secret)];
    let ops = twin.update(&frame(nodes, 1), 1.0);
    assert!(ops.iter().all(|op| !matches!(op, Op::Value { .. })));
    assert_eq!(twin.elements()[&3].attributes["type"], "password");
}

/// A sentence gives its place, and with it its id, to a tick box: the new element has to come into the
/// page, although the list of ids is the same.
#[test]
fn an_element_of_another_kind_takes_the_place_of_one_with_the_same_id() {
    let mut twin = Twin::default();
    let frame_of = |role, label| {
        let nodes = vec![
            (1, node(Role::Window, "", &[2])),
            (2, node(Role::Dialog, "Pack", &[3])),
            (3, node(role, label, &[])),
        ];
        frame(nodes, 1)
    };
    twin.update(&frame_of(Role::Button, "Stays here"), 1.0);
    let ops = twin.update(&frame_of(Role::TextInput, "Push"), 1.0);
    assert!(ops.contains(&Op::Create {
        id: 3,
        tag: "input"
    }));
    assert!(ops.contains(&Op::Children {
        id: 2,
        children: vec![3]
    }));

    let top = |role| {
        frame(
            vec![(1, node(Role::Window, "", &[3])), (3, node(role, "x", &[]))],
            1,
        )
    };
    let mut twin = Twin::default();
    twin.update(&top(Role::Button), 1.0);
    let ops = twin.update(&top(Role::TextInput), 1.0);
    assert!(ops.contains(&Op::Children {
        id: ROOT,
        children: vec![3]
    }));
}

/// A page in which a press waits to be taken.
#[derive(Default)]
struct Page {
    events: Vec<egui::Event>,
    named: std::collections::HashMap<String, u64>,
}

struct Shared(std::sync::Arc<std::sync::Mutex<Page>>);

impl super::Sink for Shared {
    fn apply(&mut self, ops: Vec<Op>) {
        let mut page = self.0.lock().unwrap();
        for op in ops {
            if let Op::Set {
                id,
                name: "aria-label",
                value,
            } = op
            {
                page.named.insert(value, id);
            }
        }
    }

    fn take_events(&mut self) -> Vec<egui::Event> {
        std::mem::take(&mut self.0.lock().unwrap().events)
    }

    fn has_focus(&self) -> bool {
        false
    }
}

#[test]
fn a_press_follows_a_button_that_gets_another_id_in_its_frame() {
    let page = std::sync::Arc::<std::sync::Mutex<Page>>::default();
    let ctx = egui::Context::default();
    super::install(&ctx, Shared(page.clone()));
    let mut pressed = 0;
    let mut frame = |scope: u32| {
        ctx.run_ui(egui::RawInput::default(), |ui| {
            ui.push_id(scope, |ui| {
                pressed += usize::from(ui.button("Rename to authors").clicked());
            });
        })
        .drop_without_applying_deltas();
        pressed
    };
    let press = || {
        let mut page = page.lock().unwrap();
        let target_node = NodeId(page.named["Rename to authors"]);
        let request = egui::accesskit::ActionRequest {
            action: egui::accesskit::Action::Click,
            target_tree: TreeId::ROOT,
            target_node,
            data: None,
        };
        page.events
            .push(egui::Event::AccessKitActionRequest(request));
    };
    frame(0);
    press();
    frame(0);
    assert_eq!(frame(0), 1, "a press where it was aimed is one press");
    press();
    frame(1);
    assert_eq!(frame(1), 2, "the press follows");
    assert_eq!(frame(1), 2, "and is told once");
}

#[test]
fn a_line_above_does_not_change_the_id_of_a_button() {
    let ctx = egui::Context::default();
    crate::theme::install(&ctx);
    let ids = |lines_above: usize| {
        let mut ids = Vec::new();
        ctx.run_ui(egui::RawInput::default(), |ui| {
            for line in 0..lines_above {
                let _ = ui.label(format!("Line {line}"));
            }
            for text in ["Rename to authors", "Remove", "Remove"] {
                ids.push(ui.add(crate::widgets::Button::neutral(text)).id);
            }
        })
        .drop_without_applying_deltas();
        ids
    };
    let before = ids(0);
    assert_eq!(ids(3), before);
    assert_ne!(before[1], before[2]);
}
