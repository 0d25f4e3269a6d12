//! Constraints: where resources may run, together with what, and in which order.
//!
//! ```text
//! <rsc_location id="cli-ban-db-on-a" rsc="db" role="Started" node="a" score="-INFINITY"/>
//! <rsc_order first="drbd-clone" first-action="promote" then="g" kind="Mandatory"/>
//! ```

use carepack_shared::xml::Element;
use serde_json::{Value, json};

use super::parts::part;
use super::{score, truth};

/// Most constraints that are told of.
const CONSTRAINTS_MAX: usize = 2_000;

pub fn constraints(root: &Element) -> Vec<Value> {
    let listed = part(root, "constraints").into_iter().flat_map(|list| &list.children);
    listed.take(CONSTRAINTS_MAX).filter_map(one).collect()
}

fn one(element: &Element) -> Option<Value> {
    let get = |name: &str| element.attribute(name);
    let id = get("id").unwrap_or_default();
    let sets = || {
        let refs = element.all("resource_set").flat_map(|set| set.all("resource_ref"));
        refs.filter_map(|one| one.attribute("id")).collect::<Vec<_>>()
    };
    let own_score = get("score").and_then(score);
    Some(match element.name.as_str() {
        "rsc_location" => {
            let rule = element.all("rule").next();
            let by_rule = rule.and_then(|rule| rule.attribute("score")).and_then(score);
            json!({
                "kind": "location",
                "id": id,
                "rsc": get("rsc").or_else(|| get("rsc-pattern")),
                "node": get("node"),
                "role": get("role"),
                "score": own_score.or(by_rule),
                "rule": rule.is_some(),
                "expires": rule.is_some_and(|rule| rule.all("date_expression").next().is_some()),
                // What `crm_resource --ban` and `--move` leave behind.
                "command": id.starts_with("cli-"),
                "ban": id.starts_with("cli-ban"),
            })
        }
        "rsc_colocation" => json!({
            "kind": "colocation",
            "id": id,
            "rsc": get("rsc"),
            "with": get("with-rsc"),
            "rsc_role": get("rsc-role"),
            "with_role": get("with-rsc-role"),
            "score": own_score,
            "members": sets(),
        }),
        "rsc_order" => json!({
            "kind": "order",
            "id": id,
            "first": get("first"),
            "first_action": get("first-action"),
            "then": get("then"),
            "then_action": get("then-action"),
            "order_kind": get("kind"),
            "score": own_score,
            "symmetrical": get("symmetrical").is_none_or(truth),
            "members": sets(),
        }),
        "rsc_ticket" => json!({
            "kind": "ticket",
            "id": id,
            "rsc": get("rsc"),
            "ticket": get("ticket"),
            "loss_policy": get("loss-policy"),
        }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::xml::parse;

    #[test]
    fn what_commands_left_is_told_apart() {
        let text = "<cib><configuration><constraints>\
            <rsc_location id='cli-ban-db-on-a' rsc='db' node='a' score='-INFINITY'/>\
            <rsc_location id='l' rsc='db'><rule score='10'><expression/></rule></rsc_location>\
            <rsc_order id='o' first='d' then='g'/><unknown/></constraints></configuration></cib>";
        let seen = constraints(&parse(text).unwrap());
        assert_eq!(seen.len(), 3);
        assert_eq!((&seen[0]["ban"], &seen[0]["score"]), (&json!(true), &json!(-1_000_000)));
        assert_eq!((&seen[1]["command"], &seen[1]["score"]), (&json!(false), &json!(10)));
        assert_eq!(seen[2]["symmetrical"], json!(true));
    }
}
