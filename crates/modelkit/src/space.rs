//! What to say when a disk is full.

use std::io;
use std::path::Path;

use crate::error::Error;

impl Error {
    /// Whether the disk, or what of it this user may have, was full.
    pub fn is_disk_full(&self) -> bool {
        matches!(
            self,
            Error::Io { source, .. }
                if matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                )
        )
    }

    /// Adds how much is missing to the error of a full disk; every other error stays as it is.
    /// `needed` is what the whole operation writes below `place`, now that everything of the
    /// failed one is gone again.
    pub(crate) fn needing(self, needed: u64, place: &Path) -> Error {
        if !self.is_disk_full() {
            return self;
        }
        match self {
            Error::Io {
                doing,
                path,
                source,
            } => Error::Io {
                doing,
                path,
                source: io::Error::new(source.kind(), shortage(needed, free(place))),
            },
            other => other,
        }
    }
}

/// Free bytes on the disk that holds `place`, if the system tells.
fn free(place: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        // The place may be gone again; its nearest existing parent is on the same disk.
        let place = place.ancestors().find(|place| place.exists())?;
        let disk = rustix::fs::statvfs(place).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = place;
        None
    }
}

fn shortage(needed: u64, free: Option<u64>) -> String {
    match free {
        None => format!("the disk is full: {needed} bytes are needed"),
        Some(free) => match needed.checked_sub(free) {
            Some(missing) if missing > 0 => format!(
                "the disk is full: {needed} bytes are needed and {free} are free, so {missing} are missing"
            ),
            _ => format!("the disk was full ({needed} bytes are needed, {free} are free by now)"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_what_is_missing_and_other_errors_stay() {
        let folder = tempfile::tempdir().unwrap();
        let full = Error::io("write", folder.path())(io::ErrorKind::StorageFull.into());
        let told = full.needing(u64::MAX, folder.path());
        assert!(told.is_disk_full());
        let text = told.to_string();
        for part in [
            "could not write",
            &folder.path().display().to_string(),
            "18446744073709551615 bytes are needed",
            "missing",
            "free",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let other = Error::io("write", folder.path())(io::ErrorKind::PermissionDenied.into());
        let before = other.to_string();
        assert_eq!(other.needing(1, folder.path()).to_string(), before);
    }

    #[test]
    fn a_disk_with_room_again_is_not_said_to_lack_any() {
        assert!(!shortage(5, Some(9)).contains("missing"));
        assert!(shortage(9, Some(5)).contains("so 4 are missing"));
    }
}
