//! The wall clock and the time zone, for "2 h ago".

/// Unix time in milliseconds.
#[must_use]
pub fn now_ms() -> i64 {
    #[cfg(target_arch = "wasm32")]
    {
        js_sys::Date::now() as i64
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            })
    }
}

/// The local time zone in seconds east of UTC. Native builds serve tests only and stay in UTC.
#[must_use]
pub fn offset_seconds() -> i64 {
    #[cfg(target_arch = "wasm32")]
    {
        -(js_sys::Date::new_0().get_timezone_offset() as i64) * 60
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        0
    }
}

/// "2 h ago" or "18 Aug" for a Unix time in milliseconds.
#[must_use]
pub fn when(then_ms: i64) -> String {
    crate::format::when(
        then_ms.div_euclid(1000),
        now_ms().div_euclid(1000),
        offset_seconds(),
    )
}

/// The full local time of a Unix time in milliseconds, for a tooltip.
#[must_use]
pub fn when_exact(then_ms: i64) -> String {
    crate::format::when_exact(then_ms.div_euclid(1000), offset_seconds())
}
