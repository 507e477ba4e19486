//! `init`: asks for what matters, writes a settings file, creates the database and the first account.

use super::{Failure, Global, data_folder, lock::Lock, print, runtime, serve};
use crate::{
    config::{Config, Sources},
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
    path::Path,
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

pub(super) fn run(arguments: InitArgs, global: &Global) -> Result<(), Failure> {
    if !global.set.is_empty() {
        let message = "init writes a settings file: put what --set would say into it afterwards".into();
        return Err(Failure { code: "invalid", message, exit: 2 });
    }
    let file = global.config.clone().unwrap_or_else(|| "watercooler.toml".into());
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
    let domain = ask("Domain, the right side of handles", global.domain.clone(), "localhost:8080")?;
    let name = ask("Name of the node", arguments.name, "Watercooler")?;
    let registration = ask(
        "Who may sign up (open, approval, closed)",
        arguments.registration.map(|r| r.word().to_owned()),
        SignUp::Closed.word(),
    )?;
    let admin = ask("User name of the first account, the owner", arguments.admin, "admin")?;
    let email = ask("Their e-mail address (may be empty)", arguments.email, "")?;
    let data_dir = global.data_dir.clone().unwrap_or_else(|| "data".into());
    let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);

    let mut text = toml_line("domain", &domain);
    if let Some(listen) = &global.listen {
        text += &toml_line("listen", listen);
    }
    if let Some(url) = &global.public_url {
        text += &toml_line("public_url", url);
    }
    text += &toml_line("data_dir", &data_dir.display().to_string());
    if let Some(database) = &global.database {
        text += &toml_line("database", database);
    }
    text += &toml_line("registration", &registration);
    text += &format!("\n[instance]\n{}", toml_line("name", &name));
    let text = format!("# Settings of this node. `watercooler config reference` prints all there are.\n{text}");
    // Judged before anything is written, with the same eyes as at every start.
    let config = judge(&file, &text)?;
    // The first account too: a database that is left behind has a name already, which the next try may want otherwise.
    names::username(&admin, true)?;
    if !email.trim().is_empty() {
        names::email(&email)?;
    }
    data_folder(&config)?;
    let password = first_account(config.clone(), admin.clone(), email)?;
    write_private(&file, &text)?;

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
fn judge(file: &Path, text: &str) -> Result<Config, Failure> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = folder.join(format!(".watercooler.toml.{}", std::process::id()));
    write_private(&draft, text)?;
    let loaded = Sources { file: Some(draft.clone()), ..Sources::default() }.load();
    fs::remove_file(&draft)?;
    match loaded {
        Ok(loaded) => Ok(loaded.config),
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
