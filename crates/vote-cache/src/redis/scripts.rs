//! The Lua that runs within Redis: two scripts of one key each.

use std::sync::LazyLock;

use deadpool_redis::redis::{Cmd, Pipeline, Script, cmd};

/// Compare-and-set. Takes the bytes that the value must begin with (none: no value),
/// the new value, how many of its first bytes mark it as done, and its time to live in
/// milliseconds (0: for ever). Gives 1 when the new value stands.
const EXCHANGE_LUA: &str = "\
local expected, value = ARGV[1], ARGV[2]
local n_mark, ttl_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
if n_mark > 0 and redis.call('GETRANGE', KEYS[1], 0, n_mark - 1) == string.sub(value, 1, n_mark) then
  return 1
end
if redis.call('GETRANGE', KEYS[1], 0, #expected - 1) ~= expected then
  return 0
end
if ttl_ms > 0 then
  redis.call('SET', KEYS[1], value, 'PX', ttl_ms)
else
  redis.call('SET', KEYS[1], value)
end
return 1";

/// Sets a value that begins with a version (8 bytes, big-endian) unless a newer one is
/// there; the same one starts its time anew. Takes the value and its time to live in
/// milliseconds. Versions are compared in two halves, which Lua's numbers hold exactly;
/// as strings they would compare by the locale.
const PUT_NEWER_LUA: &str = "\
local old = redis.call('GETRANGE', KEYS[1], 0, 7)
if #old == 8 then
  local old_high, old_low = struct.unpack('>I4I4', old)
  local high, low = struct.unpack('>I4I4', ARGV[1])
  if old_high > high or (old_high == high and old_low > low) then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', tonumber(ARGV[2]))
return 1";

/// Which script.
#[derive(Clone, Copy)]
pub(super) struct Name(usize);

pub(super) const EXCHANGE: Name = Name(0);
pub(super) const PUT_NEWER: Name = Name(1);

/// All scripts, each with its hash.
pub(super) static SCRIPTS: LazyLock<Scripts> =
    LazyLock::new(|| Scripts([EXCHANGE_LUA, PUT_NEWER_LUA].map(|code| (code, Script::new(code)))));

pub(super) struct Scripts([(&'static str, Script); 2]);

impl Scripts {
    /// A call of the script `name` on `key`; its arguments follow.
    pub(super) fn call(&self, name: Name, key: &str) -> Cmd {
        let (_, script) = &self.0[name.0];
        let mut call = cmd("EVALSHA");
        call.arg(script.get_hash()).arg(1).arg(key);
        call
    }

    /// Commands that make Redis know all scripts; safe to repeat.
    pub(super) fn loading(&self) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(self.0.len());
        for (code, _) in &self.0 {
            pipeline.cmd("SCRIPT").arg("LOAD").arg(*code).ignore();
        }
        pipeline
    }
}
