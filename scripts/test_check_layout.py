"""Proves that check-layout.py finds the violations that it is for, and nothing else."""

import importlib
import pathlib
import unittest

layout = importlib.import_module("check-layout")


def found(module, source):
    return [sentence for _, sentence in layout.breaches(module.split("::"), source)]


class Breaches(unittest.TestCase):
    def assert_breach(self, module, source, word):
        self.assertTrue(any(word in sentence for sentence in found(module, source)), (module, source, found(module, source)))

    def assert_clean(self, module, source):
        self.assertEqual(found(module, source), [], (module, source))

    def test_layers(self):
        self.assert_breach("model::secret", "use crate::session::Session;", "must not know session")
        self.assert_breach("protocol::token", "use crate::ports::Clock;", "must not know ports")
        self.assert_breach("protocol::token", "use crate::machine::error::Error;", "must not know machine")
        self.assert_breach("machine::retry", "use crate::ports::Clock;", "must not know ports")
        self.assert_breach("elsewhere", "use crate::model::time::Timestamp;", "is in no layer")
        self.assert_breach("session::refresh", "use crate::{model::time, adapters::{http, tls}};", "must not know adapters")
        self.assert_breach("session", "fn a() { crate::ffi::runtime() }", "must not know ffi")
        self.assert_breach("adapters::http", "use crate::session::Session;", "must not know session")
        self.assert_breach("session::refresh", "use super::super::adapters::http;", "must not know adapters")
        self.assert_breach("model", "use super::r#storage::Reader;", "must not know storage")
        self.assert_clean("session::refresh", "use crate::{model::time, ports::{Clock, self}, protocol}; use super::state;")
        self.assert_clean("ffi", "use crate::adapters::http; use crate::session;")

    def test_outside_world(self):
        self.assert_breach("session", "let now = std::time::Instant::now();", "std::time::Instant")
        self.assert_breach("session", "use std::time::{Duration, SystemTime};", "std::time::SystemTime")
        self.assert_breach("session", "use std::time::{self, Duration};", "std::time")
        self.assert_breach("session", "use std::time::*;", "std::time")
        self.assert_breach("session", "tokio :: spawn(f)", "tokio::spawn")
        self.assert_breach("session", "use tokio::time::sleep;", "tokio::time")
        self.assert_breach("model::profile", "use std::{fs, fmt};", "std::fs")
        self.assert_breach("protocol::pkce", "ring::rand::SystemRandom::new()", "ring::rand")
        self.assert_clean("session", "use std::time::Duration; use tokio::sync::Mutex; std::time::Duration::ZERO;")
        self.assert_clean("adapters::clock", "use std::time::{SystemTime, Instant}; use std::fs;")

    def test_who_may_ask_the_system_to_calculate(self):
        self.assert_breach("jose::signature", "use security_framework_sys::key::SecKeyVerifySignature;", "security_framework_sys")
        self.assert_breach("crypto::rsa", "use security_framework::key::SecKey;", "security_framework")
        self.assert_breach("crypto::rsa", "use crate::jose::Algorithm;", "must not know jose")
        self.assert_breach("crypto::rsa", "use ring::rand::SystemRandom;", "ring::rand")
        self.assert_clean("crypto::security_framework", "use security_framework_sys::key::SecKeyVerifySignature; use core_foundation::data::CFData;")
        self.assert_clean("jose::public_key", "use crate::crypto::rsa;")

    def test_pure_layers(self):
        self.assert_breach("machine::state", "use std::sync::Mutex;", "std::sync::Mutex")
        self.assert_breach("machine::state", "use tokio::sync::mpsc;", "tokio")
        self.assert_clean("session::state", "use std::sync::Mutex; use tokio::sync::mpsc;")

    def test_circles(self):
        sources = {
            ("a",): "mod b; mod c; use b::B;", ("a", "b"): "use super::c::C;", ("a", "c"): "use super::D;", ("e",): "use crate::a::c::C;",
        }
        graph = {module: layout.imports_of(list(module), source, sources) for module, source in sources.items()}
        self.assertEqual(layout.circles(graph), [[("a",), ("a", "b"), ("a", "c")]])
        sources["a", "c"] = "#[cfg(test)]\nmod tests { use super::super::D; }"
        graph = {module: layout.imports_of(list(module), source, sources) for module, source in sources.items()}
        self.assertEqual(layout.circles(graph), [])

    def test_who_may_see_an_item_is_no_import(self):
        sources = {("a",): "use b::B;", ("a", "b"): "pub(in crate::a) struct B;"}
        graph = {module: layout.imports_of(list(module), source, sources) for module, source in sources.items()}
        self.assertEqual(layout.circles(graph), [])

    def test_types_that_many_files_extend(self):
        sources = {
            ("a",): "struct Shared;\nimpl Shared { fn a() {} }\nimpl Shared { fn again() {} }",
            ("a", "b"): "use super::Shared; impl Shared { fn b() {} }",
            ("a", "c"): "use crate::a::Shared; impl std::fmt::Debug for Shared { fn c() {} }",
        }
        self.assertEqual(layout.scattered(sources), [])
        for extension in (
            "use super::{Other, Shared};\n\nimpl Shared { fn d() {} }",
            "impl super::Shared { fn d() {} }",
            "impl<T: Clone> crate::a::Shared<T>\nwhere\n    T: Send,\n{ fn d() {} }",
            "    impl<F: Fn(&str) -> bool> super::Shared<F> { fn d() {} }",
        ):
            found = layout.scattered({**sources, ("a", "d"): extension})
            line = extension[:extension.index("impl")].count("\n") + 1
            self.assertEqual(found, [("crate::a::Shared", {("a",): 2, ("a", "b"): 1, ("a", "d"): line})], extension)
        for harmless in (
            "struct Shared; impl Shared { fn d() {} }",
            "use super::Shared; impl From<Shared> for D { fn d() {} }",
            "use super::Shared; struct D; impl<'a> D<'a> { fn d(shared: impl Into<Shared>) {} }",
            "use super::Shared; #[cfg(test)]\nmod tests { use super::Shared; impl Shared { fn d() {} } }",
            "// impl super::Shared { }",
        ):
            self.assertEqual(layout.scattered({**sources, ("a", "d"): harmless}), [], harmless)

    def test_the_project_breaks_when_a_part_is_extended_elsewhere(self):
        folder = pathlib.Path(layout.__file__).resolve().parent.parent / "rust-core" / "src"
        sources = {
            tuple(layout.module_of(file.relative_to(folder))): file.read_text(encoding="utf-8") for file in folder.rglob("*.rs")
        }
        self.assertEqual(layout.scattered(sources), [])
        sources["session", "tokens", "renewer"] += "\nuse super::super::manager::SessionManager;\nimpl SessionManager { fn renew(&self) {} }\n"
        self.assertEqual([path for path, _ in layout.scattered(sources)], ["crate::session::manager::SessionManager"])

    def test_what_is_not_code(self):
        self.assert_clean("session", "// use crate::adapters::http;\n/* /* a */ crate::ffi::x */ let s = \"crate::ffi::x\";")
        self.assert_clean("session", "let s = r#\"crate::ffi::\"x\"#; let c = '\"'; fn f<'a>(a: &'a str) {}")
        self.assert_clean("session", "#[cfg(test)]\nmod tests {\n use crate::adapters::x;\n fn a() { std::thread::yield_now() }\n}")
        self.assert_breach("session", "#[cfg(test)]\nmod tests { fn a() {} }\nuse crate::adapters::x;", "adapters")
        self.assert_breach("session", "let c = '\\''; use crate::adapters::x;", "adapters")

    def test_line_numbers(self):
        lines = [line for line, _ in layout.breaches(["session"], "/*\n\n*/\nuse crate::ffi::x;\n\"a\nb\";\ncrate::ffi::y();")]
        self.assertEqual(lines, [4, 7])


if __name__ == "__main__":
    unittest.main()
