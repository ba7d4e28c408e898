//! Format specifications: `[[fill]align][sign][z][#][0][width][,_][.precision][type]`.

/// The widest field, and the most decimals: nobody needs more, and a hostile
/// template could ask for gigabytes.
const MOST: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
    Centre,
    /// Between the sign and the digits.
    Inside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Sign {
    #[default]
    Minus,
    Plus,
    Blank,
}

/// A specification, read and checked as far as it does not depend on a value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Spec {
    pub fill: Option<char>,
    pub align: Option<Align>,
    pub sign: Option<Sign>,
    /// No minus before what was rounded to zero.
    pub no_minus_zero: bool,
    pub alternate: bool,
    /// A 0 before the width.
    pub zero: bool,
    pub width: usize,
    /// `,` or `_`.
    pub grouping: Option<char>,
    pub precision: Option<usize>,
    pub kind: Option<char>,
}

impl Spec {
    /// # Errors
    /// A sentence about what is wrong, without its full stop.
    pub(super) fn read(text: &str) -> Result<Spec, String> {
        let mut spec = Spec::default();
        let mut rest = text;
        let mut letters = rest.chars();
        let (first, second) = (letters.next(), letters.next());
        if let (Some(fill), Some(align)) = (first, second.and_then(align)) {
            spec.fill = Some(fill);
            spec.align = Some(align);
            rest = letters.as_str();
        } else if let Some(align) = first.and_then(align) {
            spec.align = Some(align);
            rest = rest.get(1..).unwrap_or_default();
        }
        for (letter, sign) in [('+', Sign::Plus), ('-', Sign::Minus), (' ', Sign::Blank)] {
            if spec.sign.is_none() && take(&mut rest, letter) {
                spec.sign = Some(sign);
            }
        }
        spec.no_minus_zero = take(&mut rest, 'z');
        spec.alternate = take(&mut rest, '#');
        spec.zero = spec.fill.is_none() && take(&mut rest, '0');
        spec.width = number(&mut rest, "width")?.unwrap_or(0);
        for letter in [',', '_'] {
            if take(&mut rest, letter) {
                if spec.grouping.is_some() {
                    return Err("thousands are set apart by , or by _, not by both".into());
                }
                spec.grouping = Some(letter);
            }
        }
        if take(&mut rest, '.') {
            let Some(precision) = number(&mut rest, "precision")? else {
                return Err("after . stands a number of digits".into());
            };
            spec.precision = Some(precision);
        }
        let mut letters = rest.chars();
        spec.kind = letters.next();
        match spec.kind {
            Some(kind) if letters.next().is_some() || !"bcdeEfFgGnosxX%".contains(kind) => {
                Err(format!("{rest:?} is not a type of format"))
            }
            _ => Ok(spec),
        }
    }

    /// Whether values are written as they are.
    pub(super) fn is_plain(&self) -> bool {
        *self == Spec::default()
    }
}

fn align(letter: char) -> Option<Align> {
    match letter {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Centre),
        '=' => Some(Align::Inside),
        _ => None,
    }
}

fn take(rest: &mut &str, letter: char) -> bool {
    match rest.strip_prefix(letter) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}

fn number(rest: &mut &str, what: &str) -> Result<Option<usize>, String> {
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    if digits.is_empty() {
        return Ok(None);
    }
    match digits.parse() {
        Ok(number) if number <= MOST => Ok(Some(number)),
        _ => Err(format!("a {what} of {MOST} is the most, not {digits}")),
    }
}
