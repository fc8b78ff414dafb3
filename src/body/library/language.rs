//! Which language words are in, by their commonest ones; and how each language says no.

/// Some of the commonest words of a language, and those that turn a sentence into its opposite.
struct Language {
    code: &'static str,
    common: &'static str,
    /// Reach forward to the next few words.
    negators: &'static str,
    /// Reach back, as in "ich liebe dich nicht".
    after: &'static str,
}

const LANGUAGES: [Language; 4] = [
    Language {
        code: "en",
        common: "the and of to is you that it he was for are with his they at be this have from had by but what were we when there can an your which their if do how \
                 will would about i'm it's don't my me so not",
        negators: "not no never without cannot neither nor hardly",
        after: "",
    },
    Language {
        code: "de",
        common: "der die das und ist ich du er sie es wir ihr nicht ein eine einen zu den dem mit sich auf für von im auch wie aber war hat noch nur wenn so dass kann \
                 schon sind dann mir mich",
        negators: "nicht kein keine keinen keinem keiner nie niemals ohne weder kaum",
        after: "nicht",
    },
    Language {
        code: "fr",
        common: "le la les et est un une des je tu il elle nous vous ils que qui dans pour pas sur ce cette avec plus au mais comme tout on ne se son sa mon c'est j'ai \
                 n'est ça du",
        negators: "ne jamais sans ni aucun aucune",
        after: "pas jamais",
    },
    Language {
        code: "es",
        common: "el la los las y es un una de que en no se por con para su lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta \
                 hay yo mi está",
        negators: "no nunca jamás sin ni tampoco",
        after: "",
    },
];

fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// The language whose common words are the most among the given ones (small letters, without punctuation); none where too few are known.
pub fn guess(words: &[String]) -> Option<&'static str> {
    let count = |language: &Language| words.iter().filter(|word| listed(language.common, word)).count();
    let best = LANGUAGES.iter().max_by_key(|language| count(language))?;
    (count(best) * 8 >= words.len().max(8)).then_some(best.code)
}

/// Whether the library's own gestures have words of a language.
pub fn known(code: &str) -> bool {
    LANGUAGES.iter().any(|language| language.code == code)
}

/// Whether a word says no to those after it.
pub fn negates(word: &str, language: Option<&str>) -> bool {
    let mut here = LANGUAGES.iter().filter(|l| language.is_none_or(|code| l.code == code));
    here.any(|l| listed(l.negators, word)) || (language.is_none_or(|code| code == "en") && word.ends_with("n't"))
}

/// Whether a word says no to those before it.
pub fn negates_before(word: &str, language: Option<&str>) -> bool {
    language.is_some_and(|code| LANGUAGES.iter().any(|l| l.code == code && listed(l.after, word)))
}

#[cfg(test)]
mod tests {
    use super::super::choose::normalised;
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        guess(&text.split_whitespace().map(normalised).collect::<Vec<_>>())
    }

    #[test]
    fn sentences_tell_their_language() {
        assert_eq!(of("Well, when I was a child we had a very big house by the sea."), Some("en"));
        assert_eq!(of("Das Lappen liegt auf dem Eisschrank, und ich weiß es nicht."), Some("de"));
        assert_eq!(of("Je ne sais pas ce que vous avez fait dans la maison."), Some("fr"));
        assert_eq!(of("No lo sé, pero la casa es muy grande y está en el campo."), Some("es"));
        assert_eq!(of("Привет мир"), None);
    }
}
