//! What the synthesiser says: our own plain sentences in many languages, their words shuffled, and nonsense words that
//! make rare sounds common.
//!
//! Sense does not matter to lips; variety of sounds and of their neighbours does. So most utterances are words drawn at random, some are
//! the sentences themselves, and some are syllables spelled by chance, half of which meet the lips or touch the teeth.

use super::data::Split;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

/// A language as its synthesiser calls it, and what is said in it.
pub struct Language {
    /// espeak-ng's name of the voice.
    pub voice: &'static str,
    pub split: Split,
    pub sentences: &'static [&'static str],
    /// Spellings of consonants and of vowels that this language reads as one sound each; nothing where spelling is not by sound.
    pub consonants: &'static str,
    pub vowels: &'static str,
}

/// Labels of lips that meet and lips at the teeth, for languages written in Latin letters.
const LABIALS: [&str; 5] = ["b", "p", "m", "f", "v"];

impl Language {
    /// Something to say, of a few seconds.
    pub fn utterance(&self, rng: &mut impl Rng) -> String {
        match rng.random_range(0..10) {
            _ if self.sentences.is_empty() => self.nonsense(rng),
            0..3 => self.sentences.choose(rng).copied().unwrap_or_default().to_string(),
            3..6 if !self.consonants.is_empty() => self.nonsense(rng),
            _ => self.shuffled(rng),
        }
    }

    /// Words of all the sentences in any order, a comma now and then.
    fn shuffled(&self, rng: &mut impl Rng) -> String {
        let words: Vec<&str> = self.sentences.iter().flat_map(|s| s.split_whitespace()).map(|w| w.trim_matches(['.', ',', '?'])).collect();
        let count = rng.random_range(4..9);
        let pick = |rng: &mut dyn Rng| words.choose(rng).copied().unwrap_or_default();
        (0..count).map(|_| format!("{}{}", pick(rng), if rng.random_bool(0.15) { ", " } else { " " })).collect()
    }

    fn nonsense(&self, rng: &mut impl Rng) -> String {
        let (consonants, vowels): (Vec<&str>, Vec<&str>) =
            (self.consonants.split_whitespace().collect(), self.vowels.split_whitespace().collect());
        let syllable = |rng: &mut dyn Rng| {
            let labial = rng.random_bool(0.5);
            let consonant = if labial { LABIALS.choose(rng) } else { consonants.choose(rng) };
            format!("{}{}", consonant.copied().unwrap_or_default(), vowels.choose(rng).copied().unwrap_or_default())
        };
        let word = |rng: &mut dyn Rng| (0..rng.random_range(2..4)).map(|_| syllable(rng)).collect::<String>();
        let count = rng.random_range(3..7);
        (0..count).map(|_| word(rng)).collect::<Vec<_>>().join(" ")
    }
}

pub(super) const fn spelled(
    voice: &'static str,
    consonants: &'static str,
    vowels: &'static str,
    sentences: &'static [&'static str],
) -> Language {
    Language { voice, split: Split::Train, sentences, consonants, vowels }
}

const fn written(voice: &'static str, sentences: &'static [&'static str]) -> Language {
    spelled(voice, "", "", sentences)
}

const fn kept(split: Split, language: Language) -> Language {
    Language { split, ..language }
}

/// Sixteen languages to learn from, one to choose by and two that no weight has heard.
pub static LANGUAGES: [Language; 20] = [
    spelled("en-gb-x-rp", "t d n s z sh k g l r w y h ch th", "a e i o u oo ee or", ENGLISH),
    spelled("en-us", "t d n s z sh k g l r w y h j th", "a e i o u oo ee aw", ENGLISH),
    spelled("de", "t d n s sch k g l r j h z pf", "a e i o u ö ü ei au", GERMAN),
    spelled("fr", "t d n s z ch j k l r gn", "a é i o ou u eu an on", FRENCH),
    spelled("es", "t d n s ch k l r rr ll ñ j", "a e i o u ue ie", SPANISH),
    spelled("it", "t d n s z gn ci ch l r gl", "a e i o u uo ia", ITALIAN),
    spelled("pt-br", "t d n s z ch j nh lh l r", "a é i ó u ão ei", PORTUGUESE),
    spelled("pl", "t d n s z sz cz k g l r j ł", "a e i o u y ą", POLISH),
    written("ru", RUSSIAN),
    spelled("tr", "t d n s z ş ç c k g l r y h", "a e ı i o ö u ü", TURKISH),
    written("ar", ARABIC),
    written("cmn-latn-pinyin", MANDARIN),
    written("ja", JAPANESE),
    written("ko", KOREAN),
    written("hi", HINDI),
    spelled("fi", "t d n s k l r j h", "a e i o u y ä ö aa uu", FINNISH),
    spelled("hu", "t d n s sz cs gy k g l r j ny", "a á e é i o ö u ü", HUNGARIAN),
    kept(Split::Validation, spelled("sv", "t d n s sj k g l r j h", "a e i o u y å ä ö", SWEDISH)),
    kept(Split::Test, spelled("nl", "t d n s z sch k g l r j w", "a e i o oe uu eu ij", DUTCH)),
    kept(Split::Test, spelled("cs", "t d n s z š č k l r j h", "a e i o u á í ou", CZECH)),
];

const ENGLISH: &[&str] = &[
    "My brother bought five brown boxes from a farmer by the river.",
    "We put the maps above the fireplace before breakfast.",
    "Have you ever thought of moving to a bigger village?",
    "Perhaps the music will stop when the moon comes up.",
    "She watched her mother choose a blue umbrella.",
    "The judge should measure both of those yellow papers.",
    "Boys and girls are playing in the warm summer evening.",
    "Please give me half a cup of strong coffee with milk.",
    "I would rather wait for you near the old bridge.",
    "Twenty four people came to the meeting on Wednesday.",
    "Nothing moves faster than a frightened rabbit.",
    "Who left all those empty bottles upon the table?",
];
const GERMAN: &[&str] = &[
    "Mein Bruder möchte am Mittwoch ein paar Bücher kaufen.",
    "Vor fünf Wochen haben wir viele bunte Vögel gesehen.",
    "Die Puppe liegt oben auf dem breiten Schrank.",
    "Könnten Sie bitte das Fenster im Flur öffnen?",
    "Der Apfelbaum blüht im Frühling weiß und rosa.",
    "Niemand wusste, warum der Hund so laut bellte.",
    "Zwölf Boxkämpfer trinken lieber warme Milch.",
    "Heute Abend probt die Musikgruppe ein neues Stück.",
    "Ich habe meinen blauen Pullover im Auto vergessen.",
    "Auf dem Berg pfeift ein kalter Wind um das Haus.",
];
const FRENCH: &[&str] = &[
    "Mon frère a acheté un beau bateau bleu à Bordeaux.",
    "Nous buvons un peu de vin avant le repas du soir.",
    "Le petit garçon joue avec une boule verte.",
    "Pouvez-vous fermer la porte de la chambre, s'il vous plaît?",
    "Il fait froid, mais le feu brûle dans la cheminée.",
    "Ma mère prépare une bonne soupe aux légumes.",
    "Un homme marche lentement sous la pluie.",
    "Vingt-huit personnes attendent le bus depuis une heure.",
    "Je voudrais revoir ce film un jour de novembre.",
    "La jeune fille chante doucement près de la fontaine.",
];
const SPANISH: &[&str] = &[
    "Mi hermano compró una camisa amarilla para la fiesta.",
    "El barco pequeño vuelve al puerto por la mañana.",
    "¿Puedes abrir la ventana, por favor?",
    "Mañana vamos a comer pan con aceite y tomate.",
    "La profesora habla muy bien el francés.",
    "Hay un perro blanco en medio del campo.",
    "Mucha gente prefiere viajar en verano.",
    "Me gusta beber un vaso de agua fresca.",
    "El jueves llovió mucho en toda la provincia.",
    "Un pájaro verde canta sobre el balcón.",
];
const ITALIAN: &[&str] = &[
    "Mio fratello ha comprato una bella bicicletta blu.",
    "La mamma prepara la pasta con il pomodoro fresco.",
    "Potresti aprire la finestra della camera?",
    "Il bambino gioca con la palla vicino al fiume.",
    "Domani vogliamo fare una passeggiata in montagna.",
    "Un uomo anziano legge il giornale al bar.",
    "Ci sono molti fiori bianchi sopra il tavolo.",
    "Il vento porta via le foglie degli alberi.",
    "Ho bisogno di un paio di scarpe nuove.",
    "Venerdì prossimo suoneremo musica antica.",
];
const PORTUGUESE: &[&str] = &[
    "Meu irmão comprou um barco pequeno na semana passada.",
    "A minha avó faz um bom bolo de milho.",
    "Você pode abrir a janela, por favor?",
    "O menino brinca com uma bola vermelha no jardim.",
    "Amanhã vamos visitar a família em Campinas.",
    "Muita gente bebe café depois do almoço.",
    "O vento leva as folhas para longe da ponte.",
    "Ela gosta de ouvir música quando chove.",
    "Quatro pessoas esperam o ônibus na praça.",
    "Um homem velho vende flores perto do mercado.",
];
const POLISH: &[&str] = &[
    "Mój brat kupił wczoraj pięć białych filiżanek.",
    "Proszę, zamknij okno w małym pokoju.",
    "Babcia piecze chleb i gotuje zupę pomidorową.",
    "Latem pojedziemy pociągiem nad morze.",
    "Wysoki mężczyzna czeka przy moście na autobus.",
    "Dzieci bawią się piłką na podwórku.",
    "W piątek będzie padał śnieg i wiał wiatr.",
    "Czy możesz mi podać szklankę wody?",
    "Nad rzeką fruwają małe, żółte motyle.",
    "Jutro rano pójdziemy razem do biblioteki.",
];
const RUSSIAN: &[&str] = &[
    "Мой брат вчера купил пять белых чашек.",
    "Мама варит вкусный суп и печёт пироги.",
    "Пожалуйста, закройте окно в большой комнате.",
    "Летом мы поедем на поезде к тёплому морю.",
    "Высокий мужчина ждёт автобус возле моста.",
    "Дети весело играют мячом во дворе.",
    "В пятницу будет снег и сильный ветер.",
    "Ты можешь подать мне стакан воды?",
    "Над рекой летают маленькие жёлтые бабочки.",
    "Завтра утром пойдём вместе в библиотеку.",
];
const TURKISH: &[&str] = &[
    "Kardeşim dün pazardan beş beyaz bardak aldı.",
    "Annem mutfakta güzel bir çorba pişiriyor.",
    "Lütfen büyük odanın penceresini kapatır mısın?",
    "Yazın trenle denize gitmek istiyoruz.",
    "Uzun boylu adam köprünün yanında bekliyor.",
    "Çocuklar bahçede topla oynuyorlar.",
    "Cuma günü kar yağacak ve rüzgar esecek.",
    "Bana bir bardak soğuk su verebilir misin?",
    "Nehrin üstünde küçük mavi kuşlar uçuyor.",
    "Yarın sabah birlikte müzeye yürüyelim.",
];
const ARABIC: &[&str] = &[
    "اِشْتَرَى أَخِي خَمْسَةَ أَكْوَابٍ بَيْضَاءَ مِنَ السُّوقِ",
    "أُمِّي تَطْبُخُ حَسَاءً لَذِيذًا فِي الْمَطْبَخِ",
    "مِنْ فَضْلِكَ أَغْلِقِ النَّافِذَةَ",
    "فِي الصَّيْفِ نُسَافِرُ إِلَى الْبَحْرِ بِالْقِطَارِ",
    "يَلْعَبُ الْأَوْلَادُ بِالْكُرَةِ أَمَامَ الْبَيْتِ",
    "شَرِبَ الرَّجُلُ فِنْجَانًا مِنَ الْقَهْوَةِ",
    "يَوْمُ الْجُمُعَةِ يَهُبُّ رِيحٌ قَوِيٌّ",
    "مَرْحَبًا بِكُمْ فِي مَدِينَتِنَا الْجَمِيلَةِ",
    "طَارَتْ فَرَاشَةٌ صَغِيرَةٌ فَوْقَ النَّهْرِ",
    "غَدًا صَبَاحًا نَذْهَبُ مَعًا إِلَى الْمَكْتَبَةِ",
];
const MANDARIN: &[&str] = &[
    "wo3 di4di5 zuo2tian1 mai3 le5 wu3 ge5 bai2 se4 de5 bei1zi5",
    "ma1ma5 zai4 chu2fang2 li3 zuo4 fan4",
    "qing3 ni3 ba3 men2 guan1 shang4",
    "xia4tian1 wo3men5 zuo4 huo3che1 qu4 hai3bian1",
    "hai2zi5men5 zai4 yuan4zi5 li3 pao3bu4",
    "xing1qi1 wu3 hui4 gua1 feng1 xia4 yu3",
    "ke3yi3 gei3 wo3 yi4 bei1 shui3 ma5",
    "peng2you5 fei1chang2 xi3huan1 ting1 yin1yue4",
    "he2 shang4 fei1 zhe5 xiao3 niao3",
    "ming2tian1 zao3shang5 yi4qi3 qu4 tu2shu1guan3",
];
const JAPANESE: &[&str] = &[
    "おとうとは きのう しろい こっぷを いつつ かいました",
    "ははは だいどころで みそしるを つくっています",
    "まどを しめて ください",
    "なつに でんしゃで うみへ いきたいです",
    "こどもたちは にわで ぼーるを あそんでいます",
    "きんようびは ゆきが ふって かぜが ふきます",
    "みずを いっぱい もらえますか",
    "ちいさな とりが まつばやしの うえを とんでいます",
    "あしたの あさ いっしょに びじゅつかんへ いきましょう",
    "ふるい はしの そばで ばすを まちます",
];
const KOREAN: &[&str] = &[
    "동생은 어제 하얀 컵을 다섯 개 샀어요",
    "어머니는 부엌에서 맛있는 국을 끓여요",
    "큰 방 창문을 닫아 주세요",
    "여름에는 기차를 타고 바다에 가고 싶어요",
    "아이들이 마당에서 공을 차고 놀아요",
    "금요일에는 눈이 오고 바람이 불어요",
    "물 한 잔만 주시겠어요",
    "작은 나비가 강 위를 날아가요",
    "내일 아침에 함께 박물관에 가요",
    "아버지는 비빔밥을 무척 좋아해요",
];
const HINDI: &[&str] = &[
    "मेरे भाई ने कल पाँच सफ़ेद प्याले ख़रीदे",
    "माँ रसोई में अच्छा खाना बना रही है",
    "कृपया बड़े कमरे की खिड़की बंद कर दो",
    "गर्मी में हम रेलगाड़ी से समुद्र जाएँगे",
    "बच्चे आँगन में गेंद से खेल रहे हैं",
    "शुक्रवार को बर्फ़ गिरेगी और हवा चलेगी",
    "मुझे एक गिलास पानी दे दीजिए",
    "नदी के ऊपर छोटी पीली तितली उड़ती है",
    "कल सुबह हम साथ में पुस्तकालय चलेंगे",
    "बूढ़ा आदमी पुल के पास बस की राह देखता है",
];
const FINNISH: &[&str] = &[
    "Veljeni osti eilen viisi valkoista kuppia.",
    "Äiti keittää keittiössä hyvää puuroa.",
    "Voisitko sulkea ison huoneen ikkunan?",
    "Kesällä matkustamme junalla meren rannalle.",
    "Lapset pelaavat palloa pihalla koko päivän.",
    "Perjantaina sataa lunta ja tuulee kovasti.",
    "Pieni perhonen lentää joen yläpuolella.",
    "Huomenna menemme yhdessä kirjastoon.",
];
const HUNGARIAN: &[&str] = &[
    "A bátyám tegnap öt fehér poharat vett a piacon.",
    "Anyám finom levest főz a konyhában.",
    "Kérem, csukja be a nagy szoba ablakát.",
    "Nyáron vonattal utazunk a meleg tengerhez.",
    "A gyerekek labdával játszanak az udvaron.",
    "Pénteken havazni fog és fúj a szél.",
    "Apró sárga pillangó repül a folyó fölött.",
    "Holnap reggel együtt megyünk a múzeumba.",
];
const SWEDISH: &[&str] = &[
    "Min bror köpte fem vita koppar på torget.",
    "Mamma bakar bröd och kokar soppa.",
    "Kan du stänga fönstret i vardagsrummet?",
    "På sommaren åker vi båt till en liten ö.",
    "Barnen leker med en boll bakom huset.",
    "På fredag blir det snö och hård vind.",
    "En gammal man väntar på bussen vid bron.",
    "Vi promenerar gärna om morgonen före frukost.",
];
const DUTCH: &[&str] = &[
    "Mijn broer kocht gisteren vijf witte bekers.",
    "Moeder bakt brood en maakt een pan soep.",
    "Wil je het raam van de voorkamer dichtdoen?",
    "In de zomer varen we met een boot over het meer.",
    "De kinderen spelen met een bal voor het huis.",
    "Op vrijdag valt er veel sneeuw in de bergen.",
    "Een oude man wacht bij de brug op de bus.",
    "Morgenvroeg fietsen we samen naar het museum.",
];
const CZECH: &[&str] = &[
    "Můj bratr včera koupil pět bílých hrnků.",
    "Maminka vaří v kuchyni dobrou polévku.",
    "Prosím, zavři okno ve velkém pokoji.",
    "V létě pojedeme vlakem k teplému moři.",
    "Děti si hrají s míčem na dvoře.",
    "V pátek bude padat sníh a foukat vítr.",
    "Nad řekou létá malý žlutý motýl.",
    "Zítra ráno půjdeme spolu do knihovny.",
];

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn every_language_has_much_to_say() {
        for language in &LANGUAGES {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let said: std::collections::BTreeSet<String> = (0..40).map(|_| language.utterance(&mut rng)).collect();
            assert!(said.len() > 24 && said.iter().all(|s| s.chars().count() > 8), "{}", language.voice);
        }
        assert!(LANGUAGES.iter().filter(|l| l.split == Split::Train).count() >= 16);
    }
}
