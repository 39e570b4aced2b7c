//! What a rule's expression reads: names, and what it wants of labels.

use super::scrape::Series;

/// A name with its matchers, as in `name{label="value"}`.
#[derive(Clone, Debug)]
pub struct Selector {
    pub name: String,
    /// Label, operator, value.
    pub matchers: Vec<(String, String, String)>,
}

impl Selector {
    /// Every selector of our metrics in an expression.
    pub fn all(expression: &str) -> Vec<Self> {
        let starts = expression.match_indices("ibis_");
        starts.map(|(at, _)| Self::parse(&expression[at..])).collect()
    }

    fn parse(text: &str) -> Self {
        let end = text.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let inside = inside.map_or("", |(inside, _)| inside);
        let matchers = inside.split("\",").filter(|part| !part.is_empty()).map(|part| {
            let (left, value) = part.trim_end_matches('"').split_once('"').unwrap();
            let label = left.trim_end_matches(['=', '!', '~']);
            (label.to_owned(), left[label.len()..].to_owned(), value.to_owned())
        });
        Self { name: name.to_owned(), matchers: matchers.collect() }
    }

    /// True where it takes a series. Of regular expressions, those that are a choice of words.
    pub fn takes(&self, series: &Series) -> bool {
        let fits = |(label, operator, value): &(String, String, String)| {
            let found = series.label(label);
            match operator.as_str() {
                "=" => found == value,
                "!=" => found != value,
                "=~" => value.split('|').any(|word| word == found),
                "!~" => value.split('|').all(|word| word != found),
                other => panic!("{other} is no operator"),
            }
        };
        self.name == series.name && self.matchers.iter().all(fits)
    }
}

/// The labels that an expression groups by or matches on.
pub fn grouped(expression: &str) -> Vec<String> {
    let mut labels = Vec::new();
    for word in ["by (", "on (", "group_left ("] {
        for (at, _) in expression.match_indices(word) {
            let list = expression[at + word.len()..].split(')').next().unwrap();
            labels.extend(list.split(", ").filter(|it| !it.is_empty()).map(str::to_owned));
        }
    }
    labels
}

#[test]
fn an_expression_is_taken_apart() {
    let text =
        "sum by (job, le) (ibis_a_bucket{op=\"x\",b!~\"c|d\"}) > on (job) group_left () ibis_b";
    let found = Selector::all(text);
    let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["ibis_a_bucket", "ibis_b"]);
    let matcher = |at: usize| {
        let (label, operator, value) = &found[0].matchers[at];
        (label.as_str(), operator.as_str(), value.as_str())
    };
    assert_eq!([matcher(0), matcher(1)], [("op", "=", "x"), ("b", "!~", "c|d")]);
    assert_eq!(grouped(text), ["job", "le", "job"]);
}
