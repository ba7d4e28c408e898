//! Inclusive ranges of keys.

/// The same keys in ranges that do not touch, sorted.
pub(super) fn apart(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
    for (low, high) in ranges {
        match joined.last_mut() {
            Some(last) if low <= last.1 + 1 => last.1 = last.1.max(high),
            _ => joined.push((low, high)),
        }
    }
    joined
}

/// Sorts and joins ranges; closes the smallest gaps until there are few.
pub(super) fn merged(ranges: Vec<(i64, i64)>, most: usize) -> Vec<(i64, i64)> {
    let joined = apart(ranges);
    if joined.len() <= most {
        return joined;
    }
    let gap = |pair: &[(i64, i64)]| match pair {
        &[(_, high), (low, _)] => low - high,
        _ => i64::MAX,
    };
    let mut gaps: Vec<i64> = joined.windows(2).map(gap).collect();
    gaps.sort_unstable();
    let surplus = joined.len() - most;
    let widest = gaps.get(surplus - 1).copied().unwrap_or(i64::MAX);
    let mut closed: Vec<(i64, i64)> = Vec::with_capacity(most);
    for (low, high) in joined {
        match closed.last_mut() {
            Some(last) if low - last.1 <= widest => last.1 = high,
            _ => closed.push((low, high)),
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_close_from_the_smallest() {
        let check = |ranges: &[(i64, i64)], most, expected: &[(i64, i64)]| {
            assert_eq!(merged(ranges.to_vec(), most), expected);
        };
        check(&[(5, 6), (1, 2), (3, 3)], 9, &[(1, 3), (5, 6)]);
        check(&[(1, 2), (9, 9), (12, 20)], 2, &[(1, 2), (9, 20)]);
        check(&[(1, 2), (9, 9), (12, 20)], 1, &[(1, 20)]);
        check(&[(1, 8), (2, 3)], 9, &[(1, 8)]);
    }
}
