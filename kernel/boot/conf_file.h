// The conf file after reading: typed, complete (every key has a value), and checked against the
// table. Decides that a missing key has its default, that null counts as missing, that an unknown
// key is an error, and which store is meant. Says nothing about plugins' own keys; plugin_config
// does, with their manifests.
#pragma once
#include <Poco/JSON/Object.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "boot/conf_schema.h"
#include "boot/conf_value.h"

namespace sara::boot {

class Conf {
  public:
    static constexpr uint64_t kConfBytesMax = 1 << 20;
    static constexpr uint32_t kConfDepthMax = 16;

    // [any] Reads and checks; every problem is appended. Empty when there was one.
    static std::optional<Conf> load(const std::string& file, Problems* problems);
    static std::optional<Conf> parse(std::string_view text, const std::string& file,
                                     Problems* problems);

    // The key must stand in the table with this type: asking for another one is our bug.
    int64_t integer(std::string_view key) const;
    bool flag(std::string_view key) const;
    const std::string& text(std::string_view key) const;
    const std::vector<std::string>& texts(std::string_view key) const;
    int64_t limit(std::string_view key) const;
    // Does the file say something about this key?
    bool given(std::string_view key) const { return given_.count(std::string(key)) > 0; }
    // The value of a flat key as the plugin that maps it gets it; empty when there is no such key.
    Poco::Dynamic::Var flat(std::string_view key) const;

    // "embedded" or "redis".
    std::string store() const;
    // Redis only because an old file has dbaddr, not because somebody asked for it.
    bool storeIsImplied() const { return text("store").empty(); }

    // Sections under "plugins", by instance name; never null.
    const std::map<std::string, Poco::JSON::Object::Ptr>& plugins() const { return plugins_; }
    const std::string& file() const { return file_; }

  private:
    using Value = std::variant<int64_t, bool, std::string, std::vector<std::string>>;

    void readRows(std::span<const KeyRow> rows, const Poco::JSON::Object* from,
                  const std::string& prefix, std::map<std::string, Value>* into,
                  Problems* problems);
    std::optional<Value> readValue(const KeyRow& row, const Poco::Dynamic::Var& found,
                                   const std::string& key, Problems* problems) const;
    void readPlugins(const Poco::JSON::Object& root, Problems* problems);

    std::string file_;
    std::map<std::string, Value> values_;
    std::map<std::string, Value> limits_;
    std::map<std::string, bool> given_;
    std::map<std::string, Poco::JSON::Object::Ptr> plugins_;
};

// [any] The first bytes_max bytes of a file. False: *error says why not (also when it is longer).
[[nodiscard]] bool readWholeFile(const std::string& file, uint64_t bytes_max, std::string* text,
                                 std::string* error);

}  // namespace sara::boot
