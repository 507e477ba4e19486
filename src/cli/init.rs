//! `init`: asks for what matters, writes a settings file, creates the database and the first account. What the environment
//! says counts as it will for `serve`: it is neither asked for nor written, and told at the end.

use super::{Failure, Global, data_folder, lock::Lock, print, runtime, serve, tell};
use crate::{
    config::{Config, Loaded, Origin, Sources},
    crypto::{self, Passwords},
    domain::{
        accounts::{self, NewPerson},
        audit::{self, Staff},
        names,
    },
    model::Role,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::{
    fs,
    io::{BufRead, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What would be asked.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Name of the node, for people
    #[arg(long)]
    name: Option<String>,
    /// Who may sign up
    #[arg(long, value_enum)]
    registration: Option<SignUp>,
    /// User name of the first account, the owner
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    /// Their e-mail address
    #[arg(long)]
    email: Option<String>,
    /// Ask nothing: defaults for what is not said
    #[arg(long)]
    yes: bool,
}

/// Who may sign up, as a word.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SignUp {
    /// Anybody
    Open,
    /// Anybody asks, staff decides
    Approval,
    /// Invitations only
    Closed,
}

impl SignUp {
    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
            Self::Closed => "closed",
        }
    }
}

/// The variable that says this setting.
fn variable<'a>(environment: &'a [(String, String)], key: &str) -> Option<&'a (String, String)> {
    environment.iter().find(|(name, _)| {
        let setting = name.strip_prefix("WATERCOOLER_").map(|name| name.replace("__", "."));
        setting.is_some_and(|setting| setting.eq_ignore_ascii_case(key))
    })
}

pub(super) fn run(arguments: InitArgs, global: &Global, environment: Vec<(String, String)>) -> Result<(), Failure> {
    if !global.set.is_empty() {
        let message = "init writes a settings file: put what --set would say into it afterwards".into();
        return Err(Failure { code: "invalid", message, exit: 2 });
    }
    let given = [
        ("domain", "--domain", global.domain.is_some()),
        ("listen", "--listen", global.listen.is_some()),
        ("public_url", "--public-url", global.public_url.is_some()),
        ("database", "--database", global.database.is_some()),
        ("data_dir", "--data-dir", global.data_dir.is_some()),
        ("registration", "--registration", arguments.registration.is_some()),
        ("instance.name", "--name", arguments.name.is_some()),
    ];
    for (key, flag, _) in given.into_iter().filter(|(.., given)| *given) {
        // The file that is written would never be asked for it.
        if let Some((name, _)) = variable(&environment, key) {
            let message = format!("{name} is set and counts before the settings file: leave it or {flag} out");
            return Err(Failure { code: "invalid", message, exit: 2 });
        }
    }
    let named = variable(&environment, "config").map(|(_, file)| PathBuf::from(file));
    let file = global.config.clone().or(named).unwrap_or_else(|| "watercooler.toml".into());
    if file.exists() {
        return Err(Failure::new(format!("{} exists already; nothing was changed", file.display())));
    }
    let asks = !arguments.yes && std::io::stdin().is_terminal();
    let ask = |question: &str, given: Option<String>, fallback: &str| -> Result<String, Failure> {
        match given {
            Some(value) => Ok(value),
            None if asks => question_and_answer(question, fallback),
            None => Ok(fallback.to_owned()),
        }
    };
    // One line of the file, unless the environment says it.
    let setting = |key: &str, question: &str, given: Option<String>, fallback: &str| -> Result<String, Failure> {
        match variable(&environment, key) {
            Some(_) => Ok(String::new()),
            None => Ok(toml_line(key.rsplit('.').next().unwrap_or(key), &ask(question, given, fallback)?)),
        }
    };
    let domain = setting("domain", "Domain, the right side of handles", global.domain.clone(), "localhost:8080")?;
    let name = setting("instance.name", "Name of the node", arguments.name, "Watercooler")?;
    let registration = setting(
        "registration",
        "Who may sign up (open, approval, closed)",
        arguments.registration.map(|r| r.word().to_owned()),
        SignUp::Closed.word(),
    )?;
    let admin = ask("User name of the first account, the owner", arguments.admin, "admin")?;
    let email = ask("Their e-mail address (may be empty)", arguments.email, "")?;
    let data_dir = global.data_dir.clone().unwrap_or_else(|| "data".into());
    let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);

    let mut text = domain;
    if let Some(listen) = &global.listen {
        text += &toml_line("listen", listen);
    }
    if let Some(url) = &global.public_url {
        text += &toml_line("public_url", url);
    }
    if variable(&environment, "data_dir").is_none() {
        text += &toml_line("data_dir", &data_dir.display().to_string());
    }
    if let Some(database) = &global.database {
        text += &toml_line("database", database);
    }
    text += &registration;
    if !name.is_empty() {
        text += &format!("\n[instance]\n{name}");
    }
    let text = format!("# Settings of this node. `watercooler config reference` prints all there are.\n{text}");
    // Judged before anything is written, with the same eyes as at every start.
    let Loaded { config, origins, .. } = judge(&file, &text, environment)?;
    // The first account too: a database that is left behind has a name already, which the next try may want otherwise.
    names::username(&admin, true)?;
    if !email.trim().is_empty() {
        names::email(&email)?;
    }
    data_folder(&config)?;
    let password = first_account(config.clone(), admin.clone(), email)?;
    write_private(&file, &text)?;

    let elsewhere = origins.values().filter(|origin| matches!(origin, Origin::Environment(_)));
    let elsewhere: Vec<String> = elsewhere.map(ToString::to_string).collect();
    if !elsewhere.is_empty() {
        tell(&format!("The environment counted too, and has to when the node starts: {}.", elsewhere.join(", ")));
    }
    let next = format!("watercooler serve --config {}", file.display());
    if global.json {
        return print(
            &json!({ "ok": true, "file": file.display().to_string(), "admin": admin, "password": password, "next": next })
                .to_string(),
        );
    }
    print(&format!(
        "Wrote {}.\nThe owner is {admin}, the password {password} (shown only now).\nStart the node with: {next}\n\
         It will answer at {}.",
        file.display(),
        config.site.base()
    ))
}

/// Writes a file that is not there yet for its owner alone: the address of a database may have a password in it.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())
}

/// Reads the text as the file it will be.
fn judge(file: &Path, text: &str, environment: Vec<(String, String)>) -> Result<Loaded, Failure> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = folder.join(format!(".watercooler.toml.{}", std::process::id()));
    write_private(&draft, text)?;
    let loaded = Sources { file: Some(draft.clone()), environment, ..Sources::default() }.load();
    fs::remove_file(&draft)?;
    match loaded {
        Ok(loaded) => Ok(loaded),
        Err(mut error) => {
            error.place = error.place.replace(&draft.display().to_string(), &file.display().to_string());
            Err(error.into())
        }
    }
}

fn first_account(config: Config, admin: String, email: String) -> Result<String, Failure> {
    let Ok(_lock) = Lock::take(&config)? else {
        return Err(Failure::new("a server runs on this database already"));
    };
    runtime()?.block_on(async {
        let app = serve::open(config).await?;
        let password = crypto::base64url(&app.random().bytes::<15>());
        let hash = app.part::<Passwords>().hash(password.clone(), app.random().bytes()).await?;
        let made = app
            .write(move |tx| {
                let email = Some(email.trim()).filter(|email| !email.is_empty());
                let mut person = NewPerson::member(&admin, email, Some(hash));
                (person.role, person.by_staff) = (Role::Owner, true);
                let account = accounts::create(tx, &person)?;
                audit::write(tx, &Staff::console(), "node.setup", &account.acct(), "")
            })
            .await;
        serve::close(app).await;
        made?;
        Ok(password)
    })
}

fn question_and_answer(question: &str, fallback: &str) -> Result<String, Failure> {
    // Standard output is for the answer, which a program may read.
    let mut out = std::io::stderr();
    if fallback.is_empty() {
        write!(out, "{question}: ")?;
    } else {
        write!(out, "{question} [{fallback}]: ")?;
    }
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(match line.trim() {
        "" => fallback.to_owned(),
        text => text.to_owned(),
    })
}

fn toml_line(key: &str, value: &str) -> String {
    format!("{key} = {}\n", toml::Value::String(value.to_owned()))
}
