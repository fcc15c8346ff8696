//! Table `settings`: one JSON text per key, so that an older or newer Kitbench
//! ignores what it does not know.

use kitbench_protocol::Settings;
use rusqlite::OptionalExtension;

use super::{State, StateError};

pub const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);";

const KEY: &str = "settings";

impl State {
    /// The stored settings; whatever cannot be read falls back to its default.
    pub fn settings(&self) -> Result<Settings, StateError> {
        let text: Option<String> = self
            .lock()
            .query_row("SELECT value FROM settings WHERE key = ?1", [KEY], |row| {
                row.get(0)
            })
            .optional()?;
        let Some(text) = text else {
            return Ok(Settings::default());
        };
        Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
            log::warn!("settings of another version were set aside: {error}");
            Settings::default()
        }))
    }

    pub fn save_settings(&self, settings: &Settings) -> Result<(), StateError> {
        let text = serde_json::to_string(settings)?;
        self.lock().execute(
            "INSERT INTO settings (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [KEY, &text],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitbench_protocol::ThemeChoice;

    #[test]
    fn settings_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        assert_eq!(state.settings().unwrap(), Settings::default());
        let mut settings = Settings {
            theme: ThemeChoice::Light,
            ..Settings::default()
        };
        settings
            .view_state
            .insert("projects".into(), "{\"list\":312}".into());
        state.save_settings(&settings).unwrap();
        assert_eq!(state.settings().unwrap(), settings);
    }
}
