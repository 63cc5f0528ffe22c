//! An `OpenAPI` 3.1 document as the documentation page shows it.

use super::curl;
use serde::Serialize;
use serde_json::{Map, Value};

/// Levels of nested objects that are shown.
const DEEPEST: usize = 4;
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A request that can be made.
#[derive(Serialize)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    /// What it needs, one line for each way.
    pub(super) needs: Vec<String>,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
    /// What every refusal's body is like.
    pub(super) refusal: Option<Body>,
    pub(super) curl: String,
}

/// A body and its fields.
#[derive(Serialize)]
pub(super) struct Body {
    pub(super) content_type: String,
    pub(super) required: bool,
    pub(super) fields: Vec<Field>,
    /// A body as it could be, on several lines.
    pub(super) example: String,
    #[serde(skip)]
    pub(super) value: Value,
}

/// An answer that can come.
#[derive(Serialize)]
pub(super) struct Answer {
    status: String,
    /// Whether it is what was asked for.
    good: bool,
    description: String,
    body: Option<Body>,
}

/// A field of a body, or a parameter.
#[derive(Serialize)]
pub(super) struct Field {
    name: String,
    kind: String,
    required: bool,
    description: String,
    depth: usize,
}

/// All operations, in the order of the document.
pub(super) fn operations(document: &Value, base: &str) -> Vec<Operation> {
    let reader = Reader { document };
    let paths = object(&document["paths"]);
    let each =
        paths.flat_map(|(path, item)| METHODS.iter().map(move |method| (path, *method, &item[*method])));
    let known = each.filter(|(_, _, operation)| operation.is_object());
    known
        .map(|(path, method, operation)| reader.operation(base, path, method, operation))
        .collect()
}

struct Reader<'d> {
    document: &'d Value,
}

impl Reader<'_> {
    fn operation(&self, base: &str, path: &str, method: &str, operation: &Value) -> Operation {
        let body = self.body(&operation["requestBody"]);
        let schemes = schemes(&operation["security"]);
        let responses = || object(&operation["responses"]);
        let answers = responses().map(|(status, answer)| Answer {
            status: status.clone(),
            good: is_good(status),
            description: text(&answer["description"]),
            body: self.body(answer).filter(|_| is_good(status)),
        });
        let mut refusals = responses().filter(|(status, _)| !is_good(status));
        let parameters = list(&operation["parameters"]).iter().map(|parameter| Field {
            name: text(&parameter["name"]),
            kind: format!(
                "{}, in the {}",
                self.kind(&parameter["schema"]),
                text(&parameter["in"])
            ),
            required: parameter["required"] == true,
            description: text(&parameter["description"]),
            depth: 0,
        });
        let mut operation = Operation {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            needs: schemes.iter().map(|ways| needs(ways)).collect(),
            parameters: parameters.collect(),
            body,
            answers: answers.collect(),
            refusal: refusals.find_map(|(_, answer)| self.body(answer)),
            curl: String::new(),
        };
        let first = schemes.first().map(Vec::as_slice).unwrap_or_default();
        operation.curl = curl::command(base, &operation, first);
        operation
    }

    /// The body of a request or an answer: its first media type.
    fn body(&self, holder: &Value) -> Option<Body> {
        let (content_type, content) = object(&holder["content"]).next()?;
        let schema = &content["schema"];
        let mut fields = Vec::new();
        self.fields(schema, 0, &mut fields);
        let value = content
            .get("example")
            .cloned()
            .unwrap_or_else(|| self.example(schema, "", 0));
        Some(Body {
            content_type: content_type.clone(),
            required: holder["required"] == true,
            fields,
            example: serde_json::to_string_pretty(&value).unwrap_or_default(),
            value,
        })
    }

    fn fields(&self, schema: &Value, depth: usize, into: &mut Vec<Field>) {
        let schema = self.resolved(schema);
        let schema = if schema["items"].is_object() {
            self.resolved(&schema["items"])
        } else {
            schema
        };
        let required = list(&schema["required"]);
        for (name, property) in object(&schema["properties"]) {
            let described = [property, self.resolved(property)].map(|it| text(&it["description"]));
            into.push(Field {
                name: name.clone(),
                kind: self.kind(property),
                required: required.iter().any(|it| it == name.as_str()),
                description: described
                    .into_iter()
                    .find(|it| !it.is_empty())
                    .unwrap_or_default(),
                depth,
            });
            if depth + 1 < DEEPEST {
                self.fields(property, depth + 1, into);
            }
        }
    }

    /// What a schema points to, past references and `null` alternatives.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        for _ in 0..DEEPEST * 2 {
            let pointed = schema["$ref"]
                .as_str()
                .and_then(|it| self.document.pointer(it.strip_prefix('#')?));
            let alternative = ["oneOf", "anyOf", "allOf"]
                .iter()
                .find_map(|word| list(&schema[*word]).iter().find(|it| it["type"] != "null"));
            match pointed.or(alternative) {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }

    /// The type in words: `string (uuid) or null`.
    fn kind(&self, schema: &Value) -> String {
        let nullable = ["oneOf", "anyOf"]
            .iter()
            .any(|word| list(&schema[*word]).iter().any(|it| it["type"] == "null"));
        let resolved = self.resolved(schema);
        let mut names: Vec<String> = match &resolved["type"] {
            Value::Array(types) => types.iter().map(text).collect(),
            Value::String(name) => vec![name.clone()],
            _ => vec!["any value".into()],
        };
        if nullable {
            names.push("null".into());
        }
        for name in &mut names {
            let format = resolved["format"].as_str().filter(|_| name != "null");
            if name == "array" {
                *name = format!("array of {}", self.kind(&resolved["items"]));
            } else if let Some(format) = format {
                *name = format!("{name} ({format})");
            }
        }
        let choices: Vec<String> = list(&resolved["enum"]).iter().map(Value::to_string).collect();
        if choices.is_empty() {
            names.join(" or ")
        } else {
            choices.join(" or ")
        }
    }

    /// A value of this schema, as it could be.
    fn example(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let resolved = self.resolved(schema);
        let given = [schema, resolved]
            .into_iter()
            .find_map(|it| it.get("example").or_else(|| it["examples"].get(0)));
        if let Some(given) = given.or_else(|| resolved["enum"].get(0)) {
            return given.clone();
        }
        let kind = match &resolved["type"] {
            Value::Array(types) => types.first().and_then(Value::as_str),
            kind => kind.as_str(),
        };
        match kind {
            Some("object") if depth < DEEPEST => {
                let fields = object(&resolved["properties"]);
                let fields = fields.map(|(name, inner)| (name.clone(), self.example(inner, name, depth + 1)));
                Value::Object(fields.collect())
            }
            Some("array") if depth < DEEPEST => match self.example(&resolved["items"], name, depth + 1) {
                Value::Null | Value::String(_) => Value::Array(Vec::new()),
                item => Value::Array(vec![item]),
            },
            Some("object") => Value::Object(Map::new()),
            Some("array") => Value::Array(Vec::new()),
            Some("integer" | "number") => curl::number_for(name),
            Some("boolean") => Value::Bool(true),
            Some("string") => curl::text_for(name, resolved["format"].as_str()).into(),
            _ => Value::Null,
        }
    }
}

fn is_good(status: &str) -> bool {
    status.starts_with(['1', '2', '3'])
}

/// The ways in which a request can prove itself; each a set of schemes.
fn schemes(security: &Value) -> Vec<Vec<&str>> {
    list(security)
        .iter()
        .map(|way| object(way).map(|(scheme, _)| scheme.as_str()).collect())
        .collect()
}

fn needs(schemes: &[&str]) -> String {
    let words = schemes.iter().map(|scheme| match *scheme {
        "api_key" => "an API key",
        "bearer" => "an access token",
        other => other,
    });
    let words: Vec<&str> = words.collect();
    if words.is_empty() {
        "nothing".into()
    } else {
        words.join(" and ")
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
