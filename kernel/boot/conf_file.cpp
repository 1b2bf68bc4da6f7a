#include "boot/conf_file.h"

#include <Poco/JSON/Array.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "boot/json_text.h"
#include "boot/nearest_name.h"

namespace sara::boot {

namespace {

bool isOneOf(std::string_view words, std::string_view word) {
    const std::string list = "|" + std::string(words) + "|";
    return word.find('|') == std::string_view::npos &&
           list.find("|" + std::string(word) + "|") != std::string::npos;
}

Poco::JSON::Object::Ptr section(const Poco::JSON::Object& root, const std::string& key) {
    const Poco::Dynamic::Var value = root.get(key);
    if (value.isEmpty() || value.type() != typeid(Poco::JSON::Object::Ptr)) return nullptr;
    return value.extract<Poco::JSON::Object::Ptr>();
}

Poco::Dynamic::Var fallbackOf(const KeyRow& row) {
    // The table's own JSON text, wrapped because the parser takes objects only.
    JsonError error;
    const auto object = parseJsonObject("{\"v\":" + std::string(row.fallback) + "}", {}, &error);
    assert(object && "a default of the table is not JSON");
    return object->get("v");
}

bool allNumbers(const std::vector<std::string>& texts, const KeyRow& row) {
    return std::all_of(texts.begin(), texts.end(), [&row](const std::string& text) {
        int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        return error == std::errc() && end == text.data() + text.size() && number >= row.min &&
               number <= row.max;
    });
}

}  // namespace

bool readWholeFile(const std::string& file, uint64_t bytes_max, std::string* text,
                   std::string* error) {
    // Not blocking: a FIFO in place of the file must not hang the start.
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *error = std::string("cannot be opened: ") + std::strerror(errno);
        return false;
    }
    struct stat about {};
    ::fstat(fd, &about);
    if (!S_ISREG(about.st_mode)) {
        ::close(fd);
        *error = "is not a regular file";
        return false;
    }
    text->clear();
    char part[16384];
    ssize_t got = 0;
    while (text->size() <= bytes_max && (got = ::read(fd, part, sizeof part)) > 0) {
        text->append(part, static_cast<size_t>(got));
    }
    const int failed = got < 0 ? errno : 0;
    ::close(fd);
    if (failed != 0) {
        *error = std::string("cannot be read: ") + std::strerror(failed);
        return false;
    }
    if (text->size() > bytes_max) {
        *error = "is longer than " + std::to_string(bytes_max) + " bytes";
        return false;
    }
    return true;
}

std::optional<Conf> Conf::load(const std::string& file, Problems* problems) {
    std::string text, error;
    if (!readWholeFile(file, kConfBytesMax, &text, &error)) {
        problems->push_back(file + ": " + error + "; `sara setup -o " + file +
                            "` writes a new one");
        return std::nullopt;
    }
    return parse(text, file, problems);
}

std::optional<Conf> Conf::parse(std::string_view text, const std::string& file,
                                Problems* problems) {
    const size_t problems_before = problems->size();
    JsonError error;
    const auto root = parseJsonObject(text, {kConfBytesMax, kConfDepthMax}, &error);
    if (!root) {
        problems->push_back(file + ": " + error.where());
        return std::nullopt;
    }
    Conf conf;
    conf.file_ = file;
    conf.readRows(confKeys(), root.get(), "", &conf.values_, problems);
    const auto limits = section(*root, "limits");
    conf.readRows(limitKeys(), limits.get(), "limits.", &conf.limits_, problems);
    conf.readPlugins(*root, problems);
    if (problems->size() > problems_before) return std::nullopt;
    return conf;
}

void Conf::readRows(std::span<const KeyRow> rows, const Poco::JSON::Object* from,
                    const std::string& prefix, std::map<std::string, Value>* into,
                    Problems* problems) {
    for (const KeyRow& row : rows) {
        const std::string name(row.name);
        if (row.type == KeyType::kObject) {
            const Poco::Dynamic::Var found = from ? from->get(name) : Poco::Dynamic::Var();
            if (!found.isEmpty() && found.type() != typeid(Poco::JSON::Object::Ptr)) {
                problems->push_back(
                    keyProblem(file_, prefix + name, describeFound(found, false), "an object"));
            }
            continue;
        }
        Poco::Dynamic::Var found = from ? from->get(name) : Poco::Dynamic::Var();
        if (!found.isEmpty()) given_[prefix + name] = true;
        if (found.isEmpty()) found = fallbackOf(row);
        if (auto value = readValue(row, found, prefix + name, problems)) {
            into->emplace(name, std::move(*value));
        }
    }
    if (from == nullptr) return;
    for (const auto& [key, value] : *from) {
        if (findRow(rows, key) != nullptr) continue;
        problems->push_back(keyProblem(file_, prefix + key, "an unknown key",
                                       "one of the known keys" + didYouMean(key, rowNames(rows))));
    }
}

std::optional<Conf::Value> Conf::readValue(const KeyRow& row, const Poco::Dynamic::Var& found,
                                           const std::string& key, Problems* problems) const {
    std::optional<Value> value;
    if (row.type == KeyType::kInteger) {
        const auto number = readInteger(found);
        if (number && *number >= row.min && *number <= row.max) value = *number;
    } else if (row.type == KeyType::kFlag) {
        if (const auto flag = readFlag(found)) value = *flag;
    } else if (row.type == KeyType::kTexts) {
        if (auto texts = readTexts(found)) value = std::move(*texts);
    } else if (row.type == KeyType::kNumbers) {
        auto texts = readTexts(found);
        if (texts && allNumbers(*texts, row)) value = std::move(*texts);
    } else if (auto text = readText(found)) {
        if (row.words.empty() || isOneOf(row.words, *text)) {
            if ((row.traits & kFileName) && !text->empty()) {
                *text = std::filesystem::absolute(*text).lexically_normal().string();
            }
            value = std::move(*text);
        }
    }
    if (!value) {
        problems->push_back(keyProblem(file_, key, describeFound(found, row.traits & kSecret),
                                       describeExpected(row)));
    } else if (row.name == "nodeid" && std::get<std::string>(*value).empty()) {
        problems->push_back(keyProblem(file_, key, "\"\" (text)", "a name for this node"));
    }
    return value;
}

void Conf::readPlugins(const Poco::JSON::Object& root, Problems* problems) {
    const auto sections = section(root, "plugins");
    if (!sections) return;
    for (const auto& [name, value] : *sections) {
        if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
            plugins_[name] = value.extract<Poco::JSON::Object::Ptr>();
        } else if (const auto enabled = readFlag(value)) {
            // "plugins": {"acme-quota": true} is short for {"enabled": true}.
            plugins_[name] = new Poco::JSON::Object();
            plugins_[name]->set("enabled", *enabled);
        } else {
            problems->push_back(keyProblem(file_, "plugins." + name, describeFound(value, false),
                                           "an object with the plugin's keys"));
        }
    }
}

int64_t Conf::integer(std::string_view key) const {
    return std::get<int64_t>(values_.at(std::string(key)));
}
bool Conf::flag(std::string_view key) const { return std::get<bool>(values_.at(std::string(key))); }
const std::string& Conf::text(std::string_view key) const {
    return std::get<std::string>(values_.at(std::string(key)));
}
const std::vector<std::string>& Conf::texts(std::string_view key) const {
    return std::get<std::vector<std::string>>(values_.at(std::string(key)));
}
int64_t Conf::limit(std::string_view key) const {
    return std::get<int64_t>(limits_.at(std::string(key)));
}

Poco::Dynamic::Var Conf::flat(std::string_view key) const {
    const auto found = values_.find(std::string(key));
    if (found == values_.end()) return {};
    return std::visit(
        [](const auto& value) -> Poco::Dynamic::Var {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::vector<std::string>>) {
                Poco::JSON::Array::Ptr array = new Poco::JSON::Array();
                for (const std::string& text : value) array->add(text);
                return array;
            } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, int64_t>) {
                return static_cast<Poco::Int64>(value);
            } else {
                return value;
            }
        },
        found->second);
}

std::string Conf::store() const {
    if (!text("store").empty()) return text("store");
    return given("dbaddr") && !text("dbaddr").empty() ? "redis" : "embedded";
}

}  // namespace sara::boot
