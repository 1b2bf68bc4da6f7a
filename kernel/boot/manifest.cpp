#include "boot/manifest.h"

#include <Poco/JSON/Array.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "boot/json_text.h"

namespace sara::boot {

namespace {

// Letters, digits and -._ : it becomes a section name, a part of a line of the log, a word of the
// ready line.
bool isPlainName(const std::string& text, std::string_view more) {
    return !text.empty() && text.size() <= 128 &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      more.find(c) != std::string_view::npos;
           });
}

class Reader {
  public:
    Reader(const Poco::JSON::Object& root, Manifest* into, Problems* problems)
        : root_(root), m_(*into), problems_(*problems) {}

    void run() {
        names();
        abi();
        m_.provides = list("provides", "service");
        m_.hooks = list("hooks", "name");
        m_.after = list("after", "id");
        needs();
        config();
        // Unknown members are let be: a newer SDK may write them. sara_add_plugin() finds typos.
    }

  private:
    void problem(const std::string& text) { problems_.push_back("manifest " + text); }

    std::string text(const char* member) {
        const Poco::Dynamic::Var value = root_.get(member);
        return !value.isEmpty() && value.isString() ? value.extract<std::string>() : std::string();
    }

    void names() {
        m_.id = text("id");
        if (!isPlainName(m_.id, "-._")) {
            problem("has the id " + describeFound(root_.get("id"), false) +
                    ", expected a name like \"org.example.quota\"");
        }
        m_.name = root_.has("name") ? text("name") : m_.id.substr(m_.id.rfind('.') + 1);
        if (!isPlainName(m_.name, "-_")) {
            problem("has the name " + describeFound(root_.get("name"), false) +
                    ", expected letters, digits, '-' and '_'");
        }
        m_.version = text("version");
        if (!isPlainName(m_.version, "-._+~")) {
            problem("has the version " + describeFound(root_.get("version"), false) +
                    ", expected text like \"1.0.0\"");
        }
        m_.license = text("license");
        m_.description = text("description");
    }

    void abi() {
        const std::string abi = text("abi");
        const char* const end = abi.data() + abi.size();
        const auto major = std::from_chars(abi.data(), end, m_.abi_major);
        bool good = major.ec == std::errc() && major.ptr != end && *major.ptr == '.';
        if (good) {
            const auto minor = std::from_chars(major.ptr + 1, end, m_.abi_minor);
            good = minor.ec == std::errc() && minor.ptr == end;
        }
        if (!good) {
            problem("has the abi " + describeFound(root_.get("abi"), false) +
                    ", expected \"MAJOR.MINOR\" like \"1.0\"");
        }
    }

    // Entries are texts, or objects whose member `inner` is the text.
    std::vector<std::string> list(const char* member, const char* inner) {
        std::vector<std::string> out;
        for (const Poco::Dynamic::Var& entry : entries(member)) {
            Poco::Dynamic::Var name = entry;
            if (entry.type() == typeid(Poco::JSON::Object::Ptr)) {
                name = entry.extract<Poco::JSON::Object::Ptr>()->get(inner);
            }
            if (name.isString() && isPlainName(name.extract<std::string>(), "-._/")) {
                out.push_back(name.extract<std::string>());
            } else {
                problem(std::string("has ") + describeFound(name, false) + " under \"" + member +
                        "\", expected a name");
            }
        }
        return out;
    }

    std::vector<Poco::Dynamic::Var> entries(const char* member) {
        std::vector<Poco::Dynamic::Var> out;
        const Poco::Dynamic::Var value = root_.get(member);
        if (value.isEmpty()) return out;
        if (value.type() != typeid(Poco::JSON::Array::Ptr)) {
            problem(std::string("has ") + describeFound(value, false) + " as \"" + member +
                    "\", expected an array");
            return out;
        }
        const auto array = value.extract<Poco::JSON::Array::Ptr>();
        if (array->size() > Manifest::kListMax) {
            problem(std::string("has more than ") + std::to_string(Manifest::kListMax) +
                    " entries under \"" + member + "\"");
            return out;
        }
        for (const auto& entry : *array) out.push_back(entry);
        return out;
    }

    void needs() {
        for (const Poco::Dynamic::Var& entry : entries("requires")) {
            Manifest::Need need;
            Poco::Dynamic::Var name = entry;
            if (!entry.isEmpty() && entry.type() == typeid(Poco::JSON::Object::Ptr)) {
                const auto object = entry.extract<Poco::JSON::Object::Ptr>();
                name = object->get("service");
                need.hard = readFlag(object->get("hard")).value_or(true);
            }
            if (!name.isEmpty() && name.isString() &&
                isPlainName(name.extract<std::string>(), "-._/")) {
                need.service = name.extract<std::string>();
                m_.requires_.push_back(std::move(need));
            } else {
                problem("has " + describeFound(name, false) +
                        " under \"requires\", expected {\"service\": \"sara.store/1\", \"hard\": "
                        "true}");
            }
        }
    }

    void config() {
        const auto object = [&](const char* member) -> Poco::JSON::Object::Ptr {
            const Poco::Dynamic::Var value = root_.get(member);
            if (value.isEmpty()) return nullptr;
            if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
                return value.extract<Poco::JSON::Object::Ptr>();
            }
            problem(std::string("has ") + describeFound(value, false) + " as \"" + member +
                    "\", expected an object");
            return nullptr;
        };
        if (const auto schema = object("config")) {
            m_.config = PluginSchema::read(*schema, "manifest", &problems_);
        }
        const auto legacy = object("legacy");
        if (!legacy) return;
        for (const auto& [flat, own] : *legacy) {
            const std::string key = own.isString() ? own.extract<std::string>() : std::string();
            if (m_.config.find(key) == nullptr) {
                problem("maps the flat key \"" + flat + "\" to " + describeFound(own, false) +
                        ", which is not under \"config\"");
            } else {
                m_.legacy[flat] = key;
            }
        }
    }

    const Poco::JSON::Object& root_;
    Manifest& m_;
    Problems& problems_;
};

}  // namespace

std::optional<Manifest> Manifest::parse(std::string_view text, Problems* problems) {
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    JsonError error;
    const auto root = parseJsonObject(text, {kManifestBytesMax, kManifestDepthMax}, &error);
    if (!root) {
        problems->push_back("manifest is not JSON: " + error.where());
        return std::nullopt;
    }
    Manifest manifest;
    const size_t before = problems->size();
    Reader(*root, &manifest, problems).run();
    if (problems->size() > before) return std::nullopt;
    return manifest;
}

bool Manifest::offers(std::string_view service) const {
    return std::find(provides.begin(), provides.end(), service) != provides.end();
}

}  // namespace sara::boot
