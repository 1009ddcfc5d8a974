//! Which known word somebody meant: the "did you mean" of lint and of filters.

/// Up to `count` of the known words that are nearest to `word`, nearest first; none that is far off.
pub(crate) fn nearest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    let far = (word.len() / 2).max(2);
    let mut ranked: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|known| !known.is_empty())
        .map(|known| (rank(word, known), known))
        .filter(|(rank, _)| *rank <= far)
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    // A word much farther off than the nearest one would only distract.
    let near = ranked.first().map_or(0, |(rank, _)| rank + 1);
    ranked.into_iter().filter(|(rank, _)| *rank <= near).take(count).map(|(_, known)| known).collect()
}

/// ` (did you mean A or B?)`, or nothing when no known word is near.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = nearest(word, known, 2);
    match near.as_slice() {
        [] => String::new(),
        near => {
            let near: Vec<String> = near.iter().map(|word| format!("`{word}`")).collect();
            format!(" (did you mean {}?)", near.join(" or "))
        }
    }
}

/// Edits from `word` to `known`; a known word that contains it whole counts as one edit.
fn rank(word: &str, known: &str) -> usize {
    if word.len() > 2 && known.contains(word) {
        return 1;
    }
    distance(word, known)
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let best = (corner + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            corner = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (a, b, edits) in
            [("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "", 3), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_word_comes_first() {
        let known = ["srv.enrol.granted", "srv.poll.approved", "cli.enrol.granted"];
        assert_eq!(nearest("srv.enrol.grented", known, 1), ["srv.enrol.granted"]);
        assert_eq!(nearest("approved", known, 3), ["srv.poll.approved"]);
        assert!(nearest("zzz", known, 3).is_empty());
    }
}
