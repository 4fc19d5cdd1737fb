//! Spans of time in two units, for a table.

/// `5s`, `3m 12s`, `2h 5m`, `3d 4h`.
pub(super) fn text(seconds: u64) -> String {
    let two = |large: u64, small: u64, units: [char; 2]| match small {
        0 => format!("{large}{}", units[0]),
        _ => format!("{large}{} {small}{}", units[0], units[1]),
    };
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => two(seconds / 60, seconds % 60, ['m', 's']),
        3600..86_400 => two(seconds / 3600, seconds % 3600 / 60, ['h', 'm']),
        _ => two(seconds / 86_400, seconds % 86_400 / 3600, ['d', 'h']),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_two_largest_units_are_named() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (192, "3m 12s"),
            (3599, "59m 59s"),
            (7500, "2h 5m"),
            (86_399, "23h 59m"),
            (273_600, "3d 4h"),
            (u64::MAX, "213503982334601d 7h"),
        ] {
            assert_eq!(super::text(seconds), text);
        }
    }
}
