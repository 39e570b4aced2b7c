//! A list of people, each by number: `alerts.telegram_users`.

/// People on a list: a team, not a community.
const USERS_MAX: usize = 50;
/// The largest number of a user (Bot API, `User`: at most 52 significant bits).
const USER_MAX: u64 = (1 << 52) - 1;

/// Reads `"11,22"`; an empty text is nobody. The error says what is wrong with it.
pub fn users(text: &str) -> Result<Vec<u64>, String> {
    let parts = text.split(',').filter(|_| !text.is_empty());
    let users: Vec<u64> = parts.map(user).collect::<Result<_, _>>()?;
    match users.len() <= USERS_MAX {
        true => Ok(users),
        false => Err(format!("has {} users, {USERS_MAX} at most", users.len())),
    }
}

fn user(text: &str) -> Result<u64, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(user) if digits && (1..=USER_MAX).contains(&user) => Ok(user),
        Ok(_) | Err(_) => Err(format!("has {text:?}, which is no user's number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_numbers_of_people_and_nothing_else() {
        assert_eq!(users(""), Ok(vec![]));
        assert_eq!(users("11,4503599627370495"), Ok(vec![11, USER_MAX]));
        for bad in ["11,", ",", "0", "-5", "+5", "@ada", "4503599627370496", "1;2"] {
            assert!(users(bad).unwrap_err().ends_with("which is no user's number"), "{bad}");
        }
        assert_eq!(users(&["7"; 51].join(",")).unwrap_err(), "has 51 users, 50 at most");
    }
}
