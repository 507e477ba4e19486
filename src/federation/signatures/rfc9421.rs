//! RFC 9421, reading: derived components `@method @target-uri @authority @path @query @scheme @request-target` and
//! plain header fields, without component parameters; rsa-v1_5-sha256 and ed25519.

use super::{
    Claim, Incoming, Reject, Scheme,
    fields::{Item, Member, Params, dictionary, write_list},
    good_key_id,
};
use crate::crypto::KeyKind;

/// Signatures of one request that are looked at.
const TRIED: usize = 3;

/// Reads `Signature-Input` and `Signature`. Answers the claims that satisfy us; when none does, why the first does not.
pub(super) fn read(request: &Incoming<'_>, input: &str, signature: &str) -> Result<Vec<Claim>, Reject> {
    let inputs = dictionary(input).ok_or(Reject::Malformed)?;
    // A draft-cavage header beside `Signature-Input` is no dictionary: both present and disagreeing is refused (SIG-26).
    let mut signatures = dictionary(signature).ok_or(Reject::Malformed)?;
    let mut claims = Vec::new();
    let mut why = Reject::Malformed;
    for (label, member) in inputs.into_iter().take(TRIED).rev() {
        let found = signatures.iter().position(|(l, _)| *l == label).map(|i| signatures.swap_remove(i).1);
        let (Member::List(components, params), Some(Member::Item(Item::Bytes(bytes), _))) = (member, found) else {
            why = Reject::Malformed;
            continue;
        };
        match claim(request, &components, &params, bytes) {
            Ok(claim) => claims.push(claim),
            Err(reason) => why = reason,
        }
    }
    claims.reverse();
    if claims.is_empty() { Err(why) } else { Ok(claims) }
}

fn claim(
    request: &Incoming<'_>,
    components: &[(Item, Params)],
    params: &Params,
    signature: Vec<u8>,
) -> Result<Claim, Reject> {
    let parameter = |name: &str| params.iter().find(|(k, _)| k == name).map(|(_, v)| v);
    let seconds = |name: &str| match parameter(name) {
        Some(Item::Integer(n)) => Ok(Some(*n)),
        None => Ok(None),
        Some(_) => Err(Reject::Malformed),
    };
    let Some(Item::Text(key_id)) = parameter("keyid") else { return Err(Reject::Malformed) };
    good_key_id(key_id)?;
    let algorithm = match parameter("alg") {
        None => None,
        Some(Item::Text(alg)) if alg == "rsa-v1_5-sha256" => Some(KeyKind::Rsa),
        Some(Item::Text(alg)) if alg == "ed25519" => Some(KeyKind::Ed25519),
        Some(_) => return Err(Reject::Algorithm),
    };

    let mut covered: Vec<&str> = Vec::with_capacity(components.len());
    for (item, params) in components {
        // Component parameters (`;sf`, `;bs`, `;req`, `;key`) change what is signed; nobody here sends them.
        match item {
            Item::Text(name) if params.is_empty() && !covered.contains(&name.as_str()) => covered.push(name),
            _ => return Err(Reject::Malformed),
        }
    }
    let covers = |name: &str| covered.contains(&name);
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target, None),
    };
    let parts = covers("@authority") && covers("@path") && (query.is_none() || covers("@query"));
    if !covers("@method") || !(covers("@target-uri") || parts) {
        return Err(Reject::Cover);
    }
    let digest = if request.has_body() { Some(digest(request, covers("content-digest"))?) } else { None };
    let created = seconds("created")?.ok_or(Reject::Cover)?;
    request.in_time(created, seconds("expires")?)?;

    let hosts = request.names.spellings(request.authority).ok_or(Reject::Host)?;
    let by_host = covered.iter().any(|c| matches!(*c, "@target-uri" | "@authority" | "host"));
    let path = if path.is_empty() { "/" } else { path };
    let scheme = request.names.scheme.as_str();
    let signed = write_list(components, params);
    let hosts = if by_host { hosts.as_slice() } else { hosts.get(..1).unwrap_or_default() };
    let (mut bases, mut targets) = (Vec::with_capacity(1), Vec::new());
    for host in hosts {
        let (authority, mut target) = (normal_authority(host, scheme), None);
        let mut base = String::with_capacity(512);
        for name in &covered {
            base.push('"');
            base.push_str(name);
            base.push_str("\": ");
            match *name {
                "@method" => base.push_str(request.method),
                "@target-uri" => {
                    base.extend([scheme, "://", &authority, request.target]);
                    target = Some(base.len()).filter(|_| !request.has_body());
                }
                "@authority" => base.push_str(&authority),
                "@scheme" => base.push_str(scheme),
                "@path" => base.push_str(path),
                "@query" => base.extend(["?", query.unwrap_or_default()]),
                "@request-target" => base.push_str(request.target),
                name if name.starts_with('@') || name.bytes().any(|b| b.is_ascii_uppercase()) => {
                    return Err(Reject::Malformed);
                }
                name => base.push_str(&request.value(name, host)?),
            }
            base.push('\n');
        }
        base.push_str("\"@signature-params\": ");
        base.push_str(&signed);
        if !bases.contains(&base) {
            bases.push(base);
            targets.extend(target);
        }
    }
    Ok(Claim {
        scheme: Scheme::Rfc9421,
        key_id: key_id.clone(),
        signed: created,
        algorithm,
        bases,
        targets,
        signature,
        digest,
    })
}

/// Lower case, without the scheme's own port (RFC 9421 section 2.2.3).
fn normal_authority(host: &str, scheme: &str) -> String {
    let host = host.to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    host.strip_suffix(default).map(str::to_owned).unwrap_or(host)
}

/// The SHA-256 of `Content-Digest` (RFC 9530). Errors: `BadDigest` when unreadable, `NoDigest` without SHA-256, `Digest` when
/// it can be none.
fn digest(request: &Incoming<'_>, covered: bool) -> Result<[u8; 32], Reject> {
    let all = request.value("content-digest", "").map_err(|_| Reject::NoDigest)?;
    if !covered {
        return Err(Reject::Cover);
    }
    let all = dictionary(&all).ok_or(Reject::BadDigest)?;
    match all.into_iter().find(|(name, _)| name == "sha-256") {
        // Of another length it can be read, and is not that of the body.
        Some((_, Member::Item(Item::Bytes(bytes), _))) => bytes.try_into().map_err(|_| Reject::Digest),
        Some(_) => Err(Reject::BadDigest),
        None => Err(Reject::NoDigest),
    }
}
