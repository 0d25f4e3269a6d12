//! A part of a configuration and what its expressions mean: looked up, never judged.

use carepack_shared::jboss::{Node, settled, subsystem};

/// A server's configuration, or one profile of a domain.
pub struct Scope<'a> {
    /// How the rows name it.
    pub instance: String,
    /// The document: `server`, `host` or `domain`.
    pub root: &'a Node,
    /// Where the subsystems are; none for a host controller.
    pub profile: Option<&'a Node>,
    /// Options of the process, else of the start script.
    pub options: Vec<&'a str>,
    pub processors: Option<i64>,
}

/// An element together with what its expressions mean.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub node: &'a Node,
    scope: &'a Scope<'a>,
}

impl<'a> Scope<'a> {
    pub fn view(&'a self, node: &'a Node) -> View<'a> {
        View { node, scope: self }
    }

    /// The elements at a path below the document.
    pub fn at(&'a self, path: &[&str]) -> Vec<View<'a>> {
        self.view(self.root).at(path)
    }

    /// A subsystem of the profile, by one of its names.
    pub fn subsystem(&'a self, names: &[&str]) -> Option<View<'a>> {
        let is_named = |node: &&Node| {
            let space = node.a.get("xmlns").and_then(|space| subsystem(space));
            node.e == "subsystem" && space.is_some_and(|name| names.contains(&name))
        };
        self.profile?.c.iter().find(is_named).map(|node| self.view(node))
    }

    /// What the command line says of a property.
    pub fn known(&self, name: &str) -> Option<String> {
        let given = format!("-D{name}=");
        let given = self.options.iter().find_map(|word| word.strip_prefix(&given));
        let short = match name {
            "jboss.bind.address" => "-b",
            "jboss.bind.address.management" => "-bmanagement",
            "jboss.bind.address.private" => "-bprivate",
            "jboss.bind.address.unsecure" => "-bunsecure",
            _ => return given.map(str::to_owned),
        };
        let joined = format!("{short}=");
        let at = self.options.iter().position(|word| *word == short);
        let after = at.and_then(|at| self.options.get(at + 1)).copied();
        let short = self.options.iter().find_map(|word| word.strip_prefix(&joined));
        given.or(short).or(after).map(str::to_owned)
    }

    /// Address of an interface: `0.0.0.0` for any; none when it is told otherwise.
    pub fn address(&self, interface: &str) -> Option<String> {
        let interfaces = self.at(&["interfaces", "interface"]);
        let one = interfaces.iter().find(|one| one.get("name").as_deref() == Some(interface))?;
        one.address()
    }

    /// Socket bindings of the group in use: the one whose name is given, else the only one.
    fn group(&self, name: Option<&str>) -> Option<View<'_>> {
        let mut groups = self.at(&["socket-binding-groups", "socket-binding-group"]);
        groups.extend(self.at(&["socket-binding-group"]));
        let of_profile = self.profile.and_then(|profile| profile.a.get("name"));
        let referred = of_profile.and_then(|profile| {
            let groups = self.at(&["server-groups", "server-group"]);
            let group = groups.iter().find(|one| one.get("profile").as_ref() == Some(profile))?;
            group.at(&["socket-binding-group"]).first()?.get("ref")
        });
        let wanted = name.map(str::to_owned).or(referred);
        match wanted {
            Some(name) => groups.into_iter().find(|one| one.get("name").as_ref() == Some(&name)),
            None => groups.into_iter().next(),
        }
    }

    pub fn port_offset(&self) -> i64 {
        self.group(None).and_then(|group| group.int("port-offset")).unwrap_or(0)
    }

    /// Address and port of a socket binding.
    pub fn binding(&self, name: &str) -> (Option<String>, Option<i64>) {
        let Some(group) = self.group(None) else { return (None, None) };
        let bindings = group.at(&["socket-binding"]);
        let Some(one) = bindings.iter().find(|one| one.get("name").as_deref() == Some(name)) else {
            return (None, None);
        };
        let interface = one.get("interface").or_else(|| group.get("default-interface"));
        let fixed = one.flag("fixed-port").unwrap_or(false);
        let offset = if fixed { 0 } else { self.port_offset() };
        let port = one.int("port").and_then(|port| port.checked_add(offset));
        (interface.and_then(|name| self.address(&name)), port)
    }
}

impl<'a> View<'a> {
    /// An attribute, settled.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = self.node.a.get(name)?;
        Some(settled(value, &|name| self.scope.known(name)))
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name)?.trim().parse().ok()
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.trim().parse().ok()
    }

    pub fn name(&self) -> &'a str {
        self.node.e.as_str()
    }

    pub fn children(&self) -> impl Iterator<Item = View<'a>> + 'a {
        let scope = self.scope;
        self.node.c.iter().map(move |node| View { node, scope })
    }

    /// The elements at a path below it.
    pub fn at(&self, path: &[&str]) -> Vec<View<'a>> {
        let mut found = vec![*self];
        for name in path {
            found = found
                .iter()
                .flat_map(|view| view.children().filter(|child| child.name() == *name))
                .collect();
        }
        found
    }

    pub fn first(&self, path: &[&str]) -> Option<View<'a>> {
        self.at(path).into_iter().next()
    }

    /// Text of an element below it, settled.
    pub fn text(&self, path: &[&str]) -> Option<String> {
        let text = &self.first(path)?.node.t;
        Some(settled(text, &|name| self.scope.known(name))).filter(|text| !text.is_empty())
    }

    pub fn text_int(&self, path: &[&str]) -> Option<i64> {
        self.text(path)?.trim().parse().ok()
    }

    pub fn text_flag(&self, path: &[&str]) -> Option<bool> {
        self.text(path)?.trim().parse().ok()
    }

    /// The address of an `interface`.
    pub fn address(&self) -> Option<String> {
        self.children().find_map(|child| match child.name() {
            "any-address" | "any-ipv4-address" => Some("0.0.0.0".to_owned()),
            "any-ipv6-address" => Some("::".to_owned()),
            "inet-address" | "loopback-address" => child.get("value"),
            "loopback" => Some("127.0.0.1".to_owned()),
            _ => None,
        })
    }
}

/// Whether others reach an address; one that is not known is none.
pub fn is_exposed(address: Option<&str>) -> Option<bool> {
    let address = address?;
    let local = address.starts_with("127.") || matches!(address, "::1" | "localhost");
    (!address.contains('$')).then_some(!local)
}

/// Whether an address stands for all of the host's.
pub fn is_any(address: Option<&str>) -> Option<bool> {
    let address = address?;
    (!address.contains('$'))
        .then_some(matches!(address, "0.0.0.0" | "::" | "[::]" | "0:0:0:0:0:0:0:0"))
}
