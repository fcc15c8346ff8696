//! The contrast promises of the token table, both themes.

use egui::Color32;

use super::{DARK, LIGHT, LayerKind, Tokens};

fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.040_45 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

fn luminance(color: Color32) -> f64 {
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

/// WCAG 2 contrast ratio.
fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn name(t: &Tokens) -> &'static str {
    if t.dark { "dark" } else { "light" }
}

#[track_caller]
fn at_least(t: &Tokens, what: &str, front: Color32, back: Color32, ratio: f64) {
    let found = contrast(front, back);
    assert!(
        found >= ratio,
        "{}: {what} has {found:.2}, needs {ratio}",
        name(t)
    );
}

/// The same measure as the token document: if this drifts, so would every check below.
#[test]
fn the_measure_agrees_with_the_table() {
    assert!((contrast(DARK.text, DARK.bg_panel) - 14.6).abs() < 0.1);
    assert!((contrast(LIGHT.text_3, LIGHT.bg_panel) - 5.4).abs() < 0.1);
}

#[test]
fn texts_are_readable_where_they_stand() {
    for t in [&DARK, &LIGHT] {
        let surfaces = [
            ("bg_app", t.bg_app),
            ("bg_panel", t.bg_panel),
            ("bg_raised", t.bg_raised),
            ("bg_hover", t.bg_hover),
            ("bg_input", t.bg_input),
            ("accent_bg", t.accent_bg),
        ];
        for (surface, back) in surfaces {
            for (text, front) in [
                ("text", t.text),
                ("text_2", t.text_2),
                ("text_3", t.text_3),
                ("accent_text", t.accent_text),
                ("ok", t.ok),
                ("warn", t.warn),
                ("err", t.err),
                ("info", t.info),
            ] {
                at_least(t, &format!("{text} on {surface}"), front, back, 4.5);
            }
        }
        at_least(t, "text on bg_active", t.text, t.bg_active, 4.5);
        at_least(t, "text_2 on bg_active", t.text_2, t.bg_active, 4.5);
        for (strip, back, own) in [
            ("ok_bg", t.ok_bg, t.ok),
            ("warn_bg", t.warn_bg, t.warn),
            ("err_bg", t.err_bg, t.err),
            ("info_bg", t.info_bg, t.info),
        ] {
            at_least(t, &format!("text on {strip}"), t.text, back, 4.5);
            at_least(t, &format!("text_2 on {strip}"), t.text_2, back, 4.5);
            at_least(t, &format!("its meaning on {strip}"), own, back, 4.5);
        }
        for (strip, back) in [("add_bg", t.add_bg), ("chg_bg", t.chg_bg)] {
            at_least(t, &format!("text on {strip}"), t.text, back, 4.5);
            at_least(t, &format!("text_3 on {strip}"), t.text_3, back, 4.5);
        }
    }
}

#[test]
fn the_primary_button_is_readable() {
    for t in [&DARK, &LIGHT] {
        at_least(t, "on_accent on accent", t.on_accent, t.accent, 4.5);
        at_least(
            t,
            "on_accent on accent_hover",
            t.on_accent,
            t.accent_hover,
            4.5,
        );
    }
}

#[test]
fn lines_that_carry_meaning_are_visible() {
    for t in [&DARK, &LIGHT] {
        for (surface, back) in [("bg_panel", t.bg_panel), ("accent_bg", t.accent_bg)] {
            at_least(
                t,
                &format!("line_input on {surface}"),
                t.line_input,
                back,
                3.0,
            );
            at_least(
                t,
                &format!("accent_line on {surface}"),
                t.accent_line,
                back,
                3.0,
            );
            for kind in LayerKind::ALL {
                at_least(
                    t,
                    &format!("{kind:?} line on {surface}"),
                    t.layer(kind),
                    back,
                    3.0,
                );
            }
        }
        at_least(t, "line_input on bg_raised", t.line_input, t.bg_raised, 3.0);
        for slot in 0..10 {
            at_least(
                t,
                &format!("run {}", slot + 1),
                t.run(slot),
                t.bg_panel,
                3.0,
            );
        }
    }
}

#[test]
fn layer_fills_carry_text() {
    for t in [&DARK, &LIGHT] {
        for kind in LayerKind::ALL {
            at_least(t, &format!("text on {kind:?}"), t.text, t.fill(kind), 4.5);
            at_least(
                t,
                &format!("text_2 on {kind:?}"),
                t.text_2,
                t.fill(kind),
                4.5,
            );
            at_least(
                t,
                &format!("{kind:?} line on its fill"),
                t.layer(kind),
                t.fill(kind),
                3.0,
            );
        }
    }
}

#[test]
fn runs_repeat_their_colour_with_another_stroke() {
    use super::{Marker, RunStroke};
    assert_eq!(DARK.run(0), DARK.run(10));
    assert_eq!(RunStroke::of_slot(0), RunStroke::Solid);
    assert_eq!(RunStroke::of_slot(10), RunStroke::Dotted);
    assert_eq!(RunStroke::of_slot(29), RunStroke::DashDot);
    assert_eq!(RunStroke::of_slot(30), RunStroke::Rest);
    assert_eq!(Marker::of_slot(4), Marker::Circle);
    assert_eq!(Marker::of_slot(9), Marker::Square);
    assert_eq!(Marker::of_slot(7), Marker::Diamond);
}

/// Every glyph that the interface writes by itself must exist in the bundled fonts.
#[test]
fn fonts_have_the_signs_we_write() {
    let ctx = egui::Context::default();
    super::install(&ctx);
    ctx.run_ui(egui::RawInput::default(), |_| {})
        .drop_without_applying_deltas();
    ctx.fonts_mut(|fonts| {
        for role in super::Type::ALL {
            for sign in "…—–−×÷≈≤≥±·•←→↑↓□%/åßŁžΩЖ".chars() {
                assert!(fonts.has_glyph(&role.font(), sign), "{role:?} lacks {sign}");
            }
            for (name, icon) in super::icons::ALL {
                assert!(
                    fonts.has_glyphs(&role.font(), icon),
                    "{role:?} lacks the icon {name}"
                );
            }
        }
    });
}
