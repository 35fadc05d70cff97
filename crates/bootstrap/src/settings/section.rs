//! One declaration gives a section its type, its defaults, its limits and its lines in
//! `docs/CONFIGURATION.md`, so that none of these can drift from the others.

use chrono_tz::Tz;

use crate::Secret;

/// One key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The dotted name, such as `http.port`.
    pub name: String,
    /// What kind of value it takes.
    pub kind: &'static str,
    /// The value that stands when nothing is set, as written in a file; empty for none.
    pub default: String,
    /// The least and the most that is accepted; empty where anything is.
    pub range: String,
    /// What the key does, with its unit.
    pub meaning: String,
    /// Whether the value may also come from the file named by `<name>_file`.
    pub secret: bool,
}

/// A group of keys.
pub(crate) trait Section {
    /// Appends the section's keys, named below `prefix`.
    fn describe(&self, prefix: &str, keys: &mut Vec<Key>);
    /// Appends a sentence for each value that is out of its range.
    fn check_ranges(&self, prefix: &str, faults: &mut Vec<String>);
}

/// The type of a key's value.
pub(crate) trait Value {
    /// What the page calls it.
    const KIND: &'static str;
    /// Whether it is never shown.
    const SECRET: bool = false;
    /// The value as it would stand in a file.
    fn render(&self) -> String;
}

macro_rules! plain_value {
    ($($type:ty => $kind:literal),+ $(,)?) => {$(
        impl Value for $type {
            const KIND: &'static str = $kind;
            fn render(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

plain_value!(
    bool => "true or false",
    u16 => "number",
    u32 => "number",
    u64 => "number",
    usize => "number",
);

impl Value for String {
    const KIND: &'static str = "text";
    fn render(&self) -> String {
        format!("{self:?}")
    }
}

impl Value for Option<String> {
    const KIND: &'static str = "text";
    fn render(&self) -> String {
        self.as_ref()
            .map(|text| format!("{text:?}"))
            .unwrap_or_default()
    }
}

impl Value for Option<Secret> {
    const KIND: &'static str = "secret text";
    const SECRET: bool = true;
    fn render(&self) -> String {
        String::new()
    }
}

impl Value for Tz {
    const KIND: &'static str = "IANA time zone";
    fn render(&self) -> String {
        format!("{:?}", self.name())
    }
}

/// Declares a section: `key: Type = default, least..=most;` with the meaning as its
/// docstring, then the sections within it as `section name: Type;`.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $(
                $(#[doc = $meaning:literal])+
                $key:ident: $kind:ty = $default:expr $(, $range:expr)?;
            )*
            $(
                section $(#[doc = $inner_about:literal])+ $inner:ident: $inner_type:ty;
            )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $(
                $(#[doc = $meaning])+
                #[doc = ""]
                #[doc = concat!("Default: `", stringify!($default), "`.")]
                pub $key: $kind,
            )*
            $(
                $(#[doc = $inner_about])+
                pub $inner: $inner_type,
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($key: $default,)*
                    $($inner: Default::default(),)*
                }
            }
        }

        impl $crate::settings::section::Section for $name {
            fn describe(
                &self,
                prefix: &str,
                keys: &mut Vec<$crate::settings::section::Key>,
            ) {
                #[allow(unused_imports, reason = "a section may hold only sections")]
                use $crate::settings::section::{Key, Value};
                let _ = (prefix, &keys);
                $({
                    let range: &[String] = &[
                        $(format!("{} to {}", $range.start(), $range.end()))?
                    ];
                    keys.push(Key {
                        name: format!("{prefix}{}", stringify!($key)),
                        kind: <$kind as Value>::KIND,
                        default: self.$key.render(),
                        range: range.concat(),
                        meaning: [$($meaning),+].map(str::trim).join(" "),
                        secret: <$kind as Value>::SECRET,
                    });
                })*
                $(
                    $crate::settings::section::Section::describe(
                        &self.$inner,
                        &format!("{prefix}{}.", stringify!($inner)),
                        keys,
                    );
                )*
            }

            fn check_ranges(&self, prefix: &str, faults: &mut Vec<String>) {
                let _ = (prefix, &faults);
                $($(
                    if !$range.contains(&self.$key) {
                        faults.push(format!(
                            "`{prefix}{}` is {}, but must be {} to {}",
                            stringify!($key), self.$key, $range.start(), $range.end(),
                        ));
                    }
                )?)*
                $(
                    $crate::settings::section::Section::check_ranges(
                        &self.$inner,
                        &format!("{prefix}{}.", stringify!($inner)),
                        faults,
                    );
                )*
            }
        }
    };
}
pub(crate) use section;
