//! Letters by e-mail, through the mail server of the settings (`[mail]`). What a letter is about is a job written in the
//! transaction that wants it ([`crate::domain::confirmations`]); here it gets its words and its link, and is handed over.

use crate::{
    Error, Result,
    app::App,
    domain::{
        concierge::words::Sentence,
        confirmations::{self, Claim},
        people::fields::Tongue,
        task::Letter,
    },
    id::Id,
    model::Account,
    net::Mail,
};

const CONFIRM: [Sentence; 2] = [
    Sentence("Confirm your address for {}", "Bestätige deine Adresse für {}"),
    Sentence(
        "Somebody, most likely you, made an account at {} with this address. Open this page to confirm that it is yours:\n\n{}\n\n\
         The link is good for seven days. If it was not you, do nothing: without it nobody can use the account.\n",
        "Jemand, wohl du, hat bei {} ein Konto mit dieser Adresse angelegt. Öffne diese Seite, um zu bestätigen, dass sie deine \
         ist:\n\n{}\n\nDer Link gilt sieben Tage. Wenn du es nicht warst, tu nichts: ohne ihn kann niemand das Konto benutzen.\n",
    ),
];
const PASSWORD: [Sentence; 2] = [
    Sentence("A new password for {}", "Ein neues Passwort für {}"),
    Sentence(
        "Somebody, most likely you, wants to set a new password at {}. Open this page to choose it:\n\n{}\n\n\
         The link is good for two hours, and once. If it was not you, do nothing: your password stays as it is.\n",
        "Jemand, wohl du, möchte bei {} ein neues Passwort setzen. Öffne diese Seite, um es zu wählen:\n\n{}\n\n\
         Der Link gilt zwei Stunden und nur einmal. Wenn du es nicht warst, tu nichts: dein Passwort bleibt, wie es ist.\n",
    ),
];
/// Bytes of a sealed claim.
const SEALED: usize = 1_024;

/// What the links of a letter are sealed for, and their path.
const fn door(letter: Letter) -> (&'static str, &'static str) {
    match letter {
        Letter::Confirm => ("mail-confirm", "/confirm/"),
        Letter::Password => ("mail-password", "/password/"),
    }
}

/// The link of a letter.
fn link(app: &App, letter: Letter, claim: &Claim) -> Result<String> {
    let (purpose, path) = door(letter);
    let said = serde_json::to_vec(claim).map_err(Error::internal)?;
    let sealed = app.vault()?.seal(purpose, &said)?;
    Ok(app.site().url(&format!("{path}{}", crate::crypto::base64url(&sealed))))
}

/// What a link says; none for one that is not ours.
///
/// # Errors
/// `Internal` when the key file is unusable.
pub fn read(app: &App, letter: Letter, token: &str) -> Result<Option<Claim>> {
    let vault = app.vault()?;
    let sealed = crate::crypto::unbase64url(token).filter(|sealed| sealed.len() <= SEALED);
    let said = sealed.and_then(|sealed| vault.open_sealed(door(letter).0, &sealed).ok());
    Ok(said.and_then(|said| serde_json::from_slice(&said).ok()))
}

/// Sends a letter, unless it has become pointless, or no mail is configured any more.
///
/// # Errors
/// `Upstream` when the mail server does not take it now; `Internal` when the key file is unusable.
pub async fn send(app: &App, account: Id<Account>, letter: Letter) -> Result<()> {
    let settings = &app.config().mail;
    let (Some(server), Some(from)) = (&settings.server, &settings.from) else { return Ok(()) };
    let now = app.clock().now();
    let found = app.read(move |conn| confirmations::claim(conn, account, letter, now)).await?;
    let Some((claim, user)) = found else { return Ok(()) };
    let main = app.config().instance.languages.first().map(String::as_str);
    let tongue = Tongue::of(user.locale.as_deref().or(main));
    let [subject, text] = match letter {
        Letter::Confirm => CONFIRM,
        Letter::Password => PASSWORD,
    };
    let name = &app.config().instance.name;
    let mail = Mail {
        from: from.clone(),
        to: claim.email.clone(),
        subject: subject.with(tongue, &[name]),
        text: text.with(tongue, &[name, &link(app, letter, &claim)?]),
    };
    app.net().mail(server.expose(), mail).await
}
