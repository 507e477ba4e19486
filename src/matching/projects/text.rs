//! From text to comparable pieces: folded words, stop words, word stems for English, German and French, and a guess at
//! the language. Everything is a rule of the language, nothing is learnt from a register.

use std::{collections::HashMap, sync::LazyLock};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longest word that is looked at, characters; what is longer is cut (addresses, pasted rubbish).
const WORD: usize = 40;

/// The languages whose rules are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    English,
    German,
    French,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::French];

    /// The language of a tag such as `de` or `de-AT`; `None` for one whose rules are not known.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            "fr" => Some(Self::French),
            _ => None,
        }
    }

    const fn stop_words(self) -> &'static str {
        match self {
            Self::English => ENGLISH,
            Self::German => GERMAN,
            Self::French => FRENCH,
        }
    }

    /// Endings that are cut off, with the letters that must remain.
    const fn endings(self) -> &'static [(&'static str, usize)] {
        match self {
            Self::English => ENGLISH_ENDINGS,
            Self::German => GERMAN_ENDINGS,
            Self::French => FRENCH_ENDINGS,
        }
    }
}

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it was written.
    pub written: String,
    /// Lower case without accents; `ä`, `ae` and `a` are the same.
    pub folded: String,
}

/// The words of a text in order: runs of letters and digits.
pub fn words(text: &str) -> Vec<Word> {
    text.split(|c: char| !(c.is_alphanumeric() || is_combining_mark(c)))
        .filter(|w| !w.is_empty())
        .map(|w| {
            let written: String = w.chars().take(WORD).collect();
            Word { folded: fold(&written), written }
        })
        .filter(|w| !w.folded.is_empty())
        .collect()
}

/// Lower case without accents. Umlauts written as two letters lose the second one, so that `Prüfplan`, `Pruefplan` and
/// `prufplan` agree; after `a`, `e`, `i`, `o` and `q` the letters are not an umlaut (`neuen`, `queue`).
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.nfkd().flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)) {
        let umlaut = c == 'e' && {
            let mut back = out.chars().rev();
            matches!(back.next(), Some('a' | 'o' | 'u'))
                && !matches!(back.next(), Some('a' | 'e' | 'i' | 'o' | 'q'))
                && before != 'e'
        };
        match c {
            'ß' => out.push_str("ss"),
            'œ' => out.push('o'),
            'æ' => out.push('a'),
            'ø' => out.push('o'),
            _ if umlaut => {}
            _ => out.push(c),
        }
        before = c;
    }
    out
}

/// Whether a folded word says nothing by itself, in any of the languages.
pub fn is_stop_word(folded: &str) -> bool {
    folded.chars().nth(1).is_none() || STOP_WORDS.contains_key(folded)
}

/// Stop words and the languages they belong to.
static STOP_WORDS: LazyLock<HashMap<String, Vec<Language>>> = LazyLock::new(|| {
    let mut all: HashMap<String, Vec<Language>> = HashMap::new();
    for language in Language::ALL {
        for word in language.stop_words().split_ascii_whitespace() {
            let languages = all.entry(fold(word)).or_default();
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
    }
    all
});

/// The language most of the stop words belong to; `None` when they do not decide.
pub fn guess<'a>(words: impl IntoIterator<Item = &'a Word>) -> Option<Language> {
    let mut hits = Language::ALL.map(|language| (0, language));
    for languages in words.into_iter().filter_map(|w| STOP_WORDS.get(&w.folded)) {
        for (count, language) in &mut hits {
            *count += usize::from(languages.contains(language));
        }
    }
    hits.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let [(most, language), (second, _), _] = hits;
    (most > second).then_some(language)
}

/// The stem of a folded word: the longest known ending is cut off. Rough on purpose: what belongs together must agree,
/// what the stem looks like does not matter.
pub fn stem(folded: &str, language: Language) -> String {
    let letters = folded.chars().count();
    if letters < 4 || folded.chars().any(|c| c.is_ascii_digit()) {
        return folded.to_owned();
    }
    let singular = match language {
        Language::English | Language::French => singular(folded),
        Language::German => folded,
    };
    let mut stem = singular;
    for (ending, remain) in language.endings() {
        if let Some(rest) = singular.strip_suffix(ending)
            && rest.chars().count() >= *remain
        {
            stem = rest;
            break;
        }
    }
    let mut stem = stem.to_owned();
    // `planning`, `scanner`: the doubled letter belongs to the ending.
    if stem.len() < folded.len() && stem.is_ascii() && stem.len() > 4 {
        let mut back = stem.bytes().rev();
        if let (Some(a), Some(b)) = (back.next(), back.next())
            && a == b
        {
            stem.pop();
        }
    }
    stem
}

/// Without the `s` or `x` of the plural, so that `tree` and `trees` lose the same endings afterwards.
fn singular(folded: &str) -> &str {
    match folded.strip_suffix(['s', 'x']) {
        Some(rest) if rest.len() >= 3 && !rest.ends_with(['s', 'u', 'i', 'o']) => rest,
        _ => folded,
    }
}

// Sorted by length: the first that fits is the longest.
const ENGLISH_ENDINGS: &[(&str, usize)] = &[
    ("isations", 4),
    ("izations", 4),
    ("isation", 4),
    ("ization", 4),
    ("ational", 4),
    ("ically", 4),
    ("ations", 4),
    ("ation", 4),
    ("ators", 4),
    ("ising", 4),
    ("izing", 4),
    ("ating", 4),
    ("ments", 4),
    ("ition", 4),
    ("ities", 4),
    ("ness", 4),
    ("ised", 4),
    ("ized", 4),
    ("iser", 4),
    ("izer", 4),
    ("ated", 4),
    ("ates", 4),
    ("ator", 4),
    ("able", 4),
    ("ible", 4),
    ("ment", 4),
    ("ings", 4),
    ("ical", 4),
    ("ions", 4),
    ("ally", 4),
    ("ises", 4),
    ("izes", 4),
    ("ing", 3),
    ("ise", 4),
    ("ize", 4),
    ("ate", 4),
    ("ion", 4),
    ("ers", 4),
    ("ors", 4),
    ("ies", 3),
    ("ied", 3),
    ("ive", 4),
    ("ous", 4),
    ("ity", 4),
    ("ie", 3),
    ("ic", 4),
    ("al", 4),
    ("er", 4),
    ("or", 4),
    ("ed", 3),
    ("es", 4),
    ("ly", 4),
    ("ss", 9),
    ("us", 9),
    ("s", 3),
    ("e", 3),
    ("y", 3),
];
const GERMAN_ENDINGS: &[(&str, usize)] = &[
    ("isierungen", 4),
    ("isierung", 4),
    ("isierten", 4),
    ("isierter", 4),
    ("ierungen", 4),
    ("isieren", 4),
    ("isierte", 4),
    ("isiert", 4),
    ("ierung", 4),
    ("ierten", 4),
    ("ierter", 4),
    ("heiten", 4),
    ("keiten", 4),
    ("ieren", 4),
    ("ierte", 4),
    ("ungen", 3),
    ("ischen", 4),
    ("ischer", 4),
    ("lichen", 4),
    ("licher", 4),
    ("liches", 4),
    ("ationen", 4),
    ("ation", 4),
    ("ische", 4),
    ("liche", 4),
    ("iert", 4),
    ("heit", 4),
    ("keit", 4),
    ("isch", 4),
    ("lich", 4),
    ("igen", 4),
    ("enden", 4),
    ("innen", 4),
    ("ung", 3),
    ("ige", 4),
    ("ern", 4),
    ("end", 4),
    ("est", 4),
    ("ten", 4),
    ("tem", 4),
    ("ig", 4),
    ("em", 4),
    ("en", 3),
    ("er", 4),
    ("es", 4),
    ("te", 4),
    ("et", 4),
    ("st", 4),
    ("e", 3),
    ("n", 4),
    ("s", 4),
    ("t", 4),
];
const FRENCH_ENDINGS: &[(&str, usize)] = &[
    ("isations", 4),
    ("isation", 4),
    ("issement", 4),
    ("ements", 4),
    ("ations", 4),
    ("ateurs", 4),
    ("atrice", 4),
    ("iserent", 4),
    ("ement", 4),
    ("ation", 4),
    ("ateur", 4),
    ("iques", 4),
    ("euses", 4),
    ("elles", 4),
    ("ances", 4),
    ("ences", 4),
    ("iser", 4),
    ("isee", 4),
    ("ises", 4),
    ("eurs", 4),
    ("euse", 4),
    ("ique", 4),
    ("ites", 4),
    ("ives", 4),
    ("able", 4),
    ("elle", 4),
    ("ales", 4),
    ("ance", 4),
    ("ence", 4),
    ("ions", 4),
    ("eur", 4),
    ("ite", 4),
    ("ive", 4),
    ("ifs", 4),
    ("els", 4),
    ("ale", 4),
    ("aux", 4),
    ("ees", 4),
    ("ent", 4),
    ("ant", 4),
    ("ion", 4),
    ("ise", 4),
    ("if", 4),
    ("el", 4),
    ("al", 4),
    ("ee", 4),
    ("es", 3),
    ("er", 3),
    ("ir", 4),
    ("ez", 4),
    ("s", 3),
    ("e", 3),
    ("x", 3),
];

// Folded like every word.
const ENGLISH: &str = "a about after all also an and any are as at be because been before being between both but by can could did do does doing done down during each either else even every few for from get gets getting got had has have having he her here him his how i if in into is it its itself just keep keeps let like long made make makes many may me might more most much must my neither never no nobody nor not now nothing of off often on once one only onto or other others our out over own per put rather same several she should since so some somebody someone something soon still such than that the their them themselves then there these they thing things this those though through to today together too two under until up us used uses using very via want wants was way we well were what when where which while who whole whom whose why will with within without would yet you your instead already everyone everybody anything away back goes go going gone our us ourselves first last next second three four five";
const GERMAN: &str = "ab aber alle allem allen aller alles als also am an ander andere anderen andern anders auch auf aus bei beim beide beiden bereits bis bisher bislang da dabei dadurch dafur damit danach dann daran darauf daraus darf darin daruber darum das dass davon dazu dem den denn der deren des deshalb dessen die dies diese diesem diesen dieser dieses doch dort du durch durfen eben ein eine einem einen einer eines einfach einmal einzelne er erst es etwa etwas euch fast fur ganz geben gegen gehen geht gerade gibt hab habe haben hat hatte hatten her hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins ist ja je jede jedem jeden jeder jedes jedoch jetzt jeweils kann kein keine keinem keinen keiner kommen kommt konnen konnte lang lange lasst macht machen man manche mehr mehrere mein meist mit muss mussen musste nach nachdem nicht nichts noch nur ob oder ohne pro schon sehr sei sein seine seinem seinen seiner seit selber selbst sich sie sind so sobald sodass sogar soll sollen sollte sondern sonst sowie statt uber um und uns unser unsere unserem unseren unserer unter viel viele vielen vom von vor wann war ware waren warum was weg wegen weil weiter welche welchem welchen welcher wenn wer werden wird wie wieder will wir wo wobei wollen worden wozu wurde wurden zu zum zur zwar zwei drei zwischen zuerst zuletzt nun eigene eigenen eigener denen heute derzeit";
const FRENCH: &str = "au aux avec avant avoir ai aussi autre autres assez c ca car ce ceci cela celle celles celui ces cet cette ceux chaque chez ci comme comment contre d dans de depuis des deux dont du donc elle elles en encore entre est et etait etaient ete etre eu eux fait faire font faut il ils j je jusqu l la le les leur leurs lors lorsque lui m ma mais me meme memes mes moins mon n ne ni nos notre nous on ont ou par parce parfois pas pendant peu peut peuvent plus plusieurs pour pourquoi presque puis qu quand que quel quelle quelles quelque quelques quels qui quoi s sa sans se ses seul seule seulement si soit son sont sous souvent sur t ta tandis te tes ton toujours tous tout toute toutes tres trois trop tu un une vers vos votre vous y deja ainsi alors apres afin aucun aucune etre doit doivent sera seront serait peuvent cote dela la ici la";
