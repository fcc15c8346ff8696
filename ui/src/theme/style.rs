//! Telling egui about the tokens: visuals, spacing, text styles, theme choice, zoom.

use std::sync::Arc;

use egui::style::{ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, Margin, Shadow, Stroke, Style, TextStyle, ThemePreference,
    Visuals, vec2,
};

use kitbench_protocol::ThemeChoice;

use super::{Tokens, Type, fonts, sizes};

/// The zoom factors that `Ctrl +` and `Ctrl -` step through, 80 to 200 %.
pub const ZOOM_STEPS: [f32; 9] = [0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0];

/// Register fonts and both themes. Called once per context.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    ctx.set_style_of(egui::Theme::Dark, style(&super::DARK));
    ctx.set_style_of(egui::Theme::Light, style(&super::LIGHT));
    ctx.options_mut(|options| {
        options.zoom_with_keyboard = false;
        options.fallback_theme = egui::Theme::Dark;
    });
}

/// Follow the user's choice.
pub fn set_choice(ctx: &Context, choice: ThemeChoice) {
    ctx.set_theme(match choice {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Dark => ThemePreference::Dark,
        ThemeChoice::Light => ThemePreference::Light,
    });
}

/// Step the zoom factor up or down, or back to 100 % with `None`.
pub fn apply_zoom(ctx: &Context, up: Option<bool>) {
    let now = ctx.zoom_factor();
    let next = match up {
        None => Some(1.0),
        Some(true) => ZOOM_STEPS.iter().copied().find(|step| *step > now + 0.01),
        Some(false) => ZOOM_STEPS
            .iter()
            .rev()
            .copied()
            .find(|step| *step < now - 0.01),
    };
    if let Some(next) = next {
        ctx.set_zoom_factor(next);
    }
}

fn style(t: &Tokens) -> Arc<Style> {
    let mut style = Style {
        visuals: visuals(t),
        // Press and hover change colour without a fade; nothing slides for long.
        animation_time: 0.0,
        wrap_mode: None,
        ..Style::default()
    };
    style.text_styles = [
        (TextStyle::Small, Type::Small.font()),
        (TextStyle::Body, Type::Body.font()),
        (TextStyle::Monospace, Type::Mono.font()),
        (TextStyle::Button, Type::BodyStrong.font()),
        (TextStyle::Heading, Type::Heading.font()),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(sizes::SPACE_3, sizes::SPACE_2);
    spacing.button_padding = vec2(10.0, 4.0);
    spacing.menu_margin = Margin::same(4);
    spacing.window_margin = Margin::same(12);
    spacing.interact_size = vec2(sizes::HIT_MIN, sizes::HIT_MIN);
    spacing.icon_width = sizes::CHECK;
    spacing.indent = 16.0;
    spacing.slider_rail_height = 4.0;
    spacing.tooltip_width = 420.0;
    spacing.scroll = ScrollStyle {
        floating: true,
        bar_width: 8.0,
        floating_width: 4.0,
        foreground_color: false,
        bar_inner_margin: 2.0,
        bar_outer_margin: 1.0,
        dormant_handle_opacity: 0.7,
        active_handle_opacity: 1.0,
        interact_handle_opacity: 1.0,
        dormant_background_opacity: 0.0,
        active_background_opacity: 0.0,
        interact_background_opacity: 0.0,
        ..ScrollStyle::default()
    };
    style.spacing.scroll.fade.strength = 0.0;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style.explanation_tooltips = false;
    style.scroll_animation = egui::style::ScrollAnimation::none();
    style.visuals.text_cursor.blink = false;
    style.visuals.text_cursor.stroke = Stroke::new(1.5, t.text);
    Arc::new(style)
}

fn visuals(t: &Tokens) -> Visuals {
    let mut visuals = if t.dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let widget = |bg: Color32, stroke: Color32, text: Color32| WidgetVisuals {
        bg_fill: bg,
        weak_bg_fill: bg,
        bg_stroke: Stroke::new(sizes::STROKE, stroke),
        corner_radius: CornerRadius::same(sizes::RADIUS_M),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets = Widgets {
        noninteractive: widget(t.bg_panel, t.line, t.text),
        inactive: widget(t.bg_raised, t.line_strong, t.text),
        hovered: widget(t.bg_hover, t.line_strong, t.text),
        active: widget(t.bg_active, t.line_strong, t.text),
        open: widget(t.bg_active, t.line_strong, t.text),
    };
    // The selection inside a text field: the letters over it stay in `text`.
    visuals.selection = Selection {
        bg_fill: t
            .accent_line
            .gamma_multiply(if t.dark { 0.45 } else { 0.30 }),
        stroke: Stroke::new(1.0, t.text),
    };
    visuals.override_text_color = Some(t.text);
    visuals.weak_text_color = Some(t.text_3);
    visuals.hyperlink_color = t.accent_text;
    visuals.faint_bg_color = t.bg_raised;
    visuals.extreme_bg_color = t.bg_input;
    visuals.text_edit_bg_color = Some(t.bg_input);
    visuals.code_bg_color = t.bg_input;
    visuals.warn_fg_color = t.warn;
    visuals.error_fg_color = t.err;
    visuals.panel_fill = t.bg_panel;
    visuals.window_fill = t.bg_panel;
    visuals.window_stroke = Stroke::new(sizes::STROKE, t.line_strong);
    visuals.window_corner_radius = CornerRadius::same(sizes::RADIUS_XL);
    visuals.menu_corner_radius = CornerRadius::same(sizes::RADIUS_L);
    // Nothing casts a shadow: what floats has an outline.
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow::NONE;
    visuals.slider_trailing_fill = true;
    visuals.disabled_alpha = 0.5;
    visuals
}
