// One value of a conf file, read leniently. Decides which JSON values count as which type (files of
// the earlier server write numbers as text and "0" or "" for false) and how a refused one is
// described.
#pragma once
#include <Poco/Dynamic/Var.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sara::boot {

// What is wrong, one sentence each; check lists all of them, start refuses with the first.
using Problems = std::vector<std::string>;

// [any] Integers, integral floats, decimal text.
std::optional<int64_t> readInteger(const Poco::Dynamic::Var& value);
// [any] true, false, 0, 1, and as text: 0 1 true false yes no on off and nothing (false).
std::optional<bool> readFlag(const Poco::Dynamic::Var& value);
// [any] Strings and integers.
std::optional<std::string> readText(const Poco::Dynamic::Var& value);
// [any] An array of strings, or one string.
std::optional<std::vector<std::string>> readTexts(const Poco::Dynamic::Var& value);

// [any] "\"abc\" (text)", "-3", "an object": for the found half of an error. Long text is cut;
// secret hides it.
std::string describeFound(const Poco::Dynamic::Var& value, bool secret);

// [any] "file: key \"a.b\": found X, expected Y".
std::string keyProblem(const std::string& file, const std::string& key, const std::string& found,
                       const std::string& expected);

}  // namespace sara::boot
