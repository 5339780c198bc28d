//! Policies about the random worlds: each looks at something else.

/// Each with its id.
pub(super) fn all() -> Vec<(String, String)> {
    let named = |(nth, text): (usize, &&str)| (format!("p{nth}"), (*text).to_owned());
    TEXTS.iter().enumerate().map(named).collect()
}

const TEXTS: [&str; 22] = [
    r#"permit (principal, action == Action::"view", resource);"#,
    r#"permit (principal in Group::"a", action == Action::"view", resource);"#,
    r#"permit (principal is User in Group::"b", action, resource is Doc);"#,
    r#"permit (principal, action in Action::"change", resource in Folder::"c");"#,
    r#"permit (principal == User::"a", action, resource);"#,
    r#"permit (principal is User, action == Action::"edit", resource is Doc) when { resource has owner && resource.owner == principal };"#,
    r"permit (principal is User, action, resource is Doc) when { principal.level > 3 };",
    r"permit (principal is User, action, resource is Doc) when { principal has boss && principal.boss.level > 2 };",
    r"permit (principal is User, action, resource is Doc) when { resource has readers && resource.readers.contains(principal) };",
    r#"permit (principal is User, action == Action::"view", resource is Doc) when { principal has name && resource.status == principal.name };"#,
    r#"permit (principal is User, action in Action::"change", resource) when { context.now < datetime("2027-01-01") && context has count && context.count > 2 };"#,
    r#"permit (principal is User, action in [Action::"edit", Action::"purge"], resource) when { context has action && context.action has soft && context.action.soft };"#,
    r#"permit (principal is User, action == Action::"edit", resource) when { principal has home && principal.home has zip && principal.home.zip == 1 };"#,
    r#"permit (principal is User, action == Action::"purge", resource is Doc) when { resource has due && resource.due > context.now };"#,
    r#"permit (principal is User, action, resource is Doc) when { principal.hasTag("a") && principal.getTag("a") > 1 };"#,
    r#"permit (principal is User, action in Action::"change", resource is Doc) when { context has for && context.for in Group::"a" };"#,
    r#"permit (principal is User, action == Action::"view", resource is Doc) when { context has ip && context.ip == "a" };"#,
    r#"forbid (principal, action == Action::"view", resource == Doc::"b");"#,
    r"forbid (principal is User, action, resource is Doc) when { principal.level == 0 };",
    r"forbid (principal is User, action, resource is Doc) when { principal.level + 1 == 4 };",
    r#"forbid (principal is User, action == Action::"edit", resource is Doc) when { resource.status == "a" } unless { principal has roles && principal.roles.contains("a") };"#,
    r"forbid (principal is User, action, resource is Doc) when { resource has owner && resource.owner has boss && resource.owner.boss == principal };",
];
