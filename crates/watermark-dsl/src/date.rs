//! Dates of a time in milliseconds, UTC, in the manner of `strftime`.

use std::fmt::Write;

use crate::evaluate::ValueError;

const DAY_MS: i64 = 86_400_000;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Whether every `%` begins one of the known fields.
pub(crate) fn is_date_format(format: &str) -> bool {
    let mut chars = format.chars();
    while let Some(sign) = chars.next() {
        let known = |field: char| "YymdejHIMSLpaAbBFT%".contains(field);
        if sign == '%' && !chars.next().is_some_and(known) {
            return false;
        }
    }
    true
}

/// Writes a time from the year 0 to 9999.
pub(crate) fn write_date(ms: i64, format: &str) -> Result<String, ValueError> {
    let days = ms.div_euclid(DAY_MS);
    let (year, month, day) = civil(days).ok_or(ValueError::DateOutOfRange { ms })?;
    let of_day = ms.rem_euclid(DAY_MS);
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60);
    let month_name = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
    let weekday = WEEKDAYS[usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0)];
    let hour_12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(sign) = chars.next() {
        let field = if sign == '%' { chars.next().unwrap_or('%') } else { ' ' };
        let written = match (sign, field) {
            ('%', 'Y') => write!(out, "{year:04}"),
            ('%', 'y') => write!(out, "{:02}", year % 100),
            ('%', 'm') => write!(out, "{month:02}"),
            ('%', 'd') => write!(out, "{day:02}"),
            ('%', 'e') => write!(out, "{day}"),
            ('%', 'j') => write!(out, "{:03}", days - days_from_civil(year, 1, 1) + 1),
            ('%', 'H') => write!(out, "{hour:02}"),
            ('%', 'I') => write!(out, "{hour_12:02}"),
            ('%', 'M') => write!(out, "{minute:02}"),
            ('%', 'S') => write!(out, "{second:02}"),
            ('%', 'L') => write!(out, "{:03}", of_day % 1_000),
            ('%', 'p') => out.write_str(if hour < 12 { "AM" } else { "PM" }),
            ('%', 'a') => out.write_str(&weekday[..3]),
            ('%', 'A') => out.write_str(weekday),
            ('%', 'b') => out.write_str(&month_name[..3]),
            ('%', 'B') => out.write_str(month_name),
            ('%', 'F') => write!(out, "{year:04}-{month:02}-{day:02}"),
            ('%', 'T') => write!(out, "{hour:02}:{minute:02}:{second:02}"),
            ('%', _) => out.write_char('%'),
            (other, _) => out.write_char(other),
        };
        // Writing to a string does not fail.
        debug_assert!(written.is_ok());
    }
    Ok(out)
}

/// Year, month and day of a day since 1970. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    let shifted = days.checked_add(719_468)?;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (0..=9_999).contains(&year).then_some((year, month, day))
}

/// The other way round.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        let long = "%Y-%m-%d %e %j %H:%M:%S.%L %I %p %a %A %b %B %F %T %y %%";
        // `date -u -d @1709210096` says the same.
        assert_eq!(
            write_date(1_709_210_096_789, long).unwrap(),
            "2024-02-29 29 060 12:34:56.789 12 PM Thu Thursday Feb February 2024-02-29 12:34:56 24 %"
        );
        assert_eq!(write_date(0, "%A %F %T").unwrap(), "Thursday 1970-01-01 00:00:00");
        assert_eq!(write_date(-1, "%F %T.%L").unwrap(), "1969-12-31 23:59:59.999");
        assert_eq!(write_date(253_402_300_799_999, "%F %j").unwrap(), "9999-12-31 365");
        assert!(write_date(253_402_300_800_000, "%F").is_err());
        assert!(write_date(i64::MIN, "%F").is_err() && write_date(i64::MAX, "%F").is_err());
    }

    #[test]
    fn days_and_dates_go_both_ways() {
        for days in (-719_000..2_932_000).step_by(37) {
            let (year, month, day) = civil(days).unwrap();
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn formats_are_checked_before() {
        assert!(is_date_format("day %d of %B %% x"));
        assert!(!is_date_format("%Q") && !is_date_format("%"));
    }
}
