//! Gallery.
/// Show.
pub fn show(_ui: &mut egui::Ui) {}
