#include "boot/plugin_config.h"

#include "boot/json_text.h"
#include "boot/nearest_name.h"
#include "boot/text_format.h"

namespace sara::boot {

namespace {

bool isServerKey(const std::string& key) { return key == "enabled" || key == "required"; }

}  // namespace

std::optional<std::string> pluginConfig(const Conf& conf, const std::string& instance,
                                        const Manifest& manifest, Problems* problems) {
    const size_t before = problems->size();
    const auto sections = conf.plugins().find(instance);
    const Poco::JSON::Object* section =
        sections == conf.plugins().end() ? nullptr : sections->second.get();
    Poco::JSON::Object::Ptr out = new Poco::JSON::Object();

    for (const PluginSchema::Key& key : manifest.config.keys()) {
        std::string shown = "plugins." + instance + "." + key.name;
        Poco::Dynamic::Var value = section ? section->get(key.name) : Poco::Dynamic::Var();
        Poco::Dynamic::Var table_default;
        for (const auto& [flat, own] : manifest.legacy) {
            if (own != key.name) continue;
            if (value.isEmpty() && conf.given(flat)) {
                value = conf.flat(flat);
                shown = flat;
            }
            table_default = conf.flat(flat);
        }
        if (value.isEmpty()) value = key.fallback;
        if (value.isEmpty()) value = table_default;
        if (value.isEmpty()) {
            if (key.required) {
                problems->push_back(
                    keyProblem(conf.file(), shown, "nothing", PluginSchema::describe(key)));
            }
            continue;
        }
        Poco::Dynamic::Var accepted;
        const bool fits = PluginSchema::accept(key, value, &accepted);
        const std::string wanted = fits && accepted.isString()
                                       ? expectedFormat(key.format, accepted.toString())
                                       : std::string();
        if (!wanted.empty()) {
            problems->push_back(
                keyProblem(conf.file(), shown, describeFound(value, key.secret), wanted));
        } else if (fits) {
            out->set(key.name, accepted);
        } else {
            problems->push_back(keyProblem(conf.file(), shown, describeFound(value, key.secret),
                                           PluginSchema::describe(key)));
        }
    }
    if (section != nullptr) {
        for (const auto& [key, value] : *section) {
            if (isServerKey(key) || manifest.config.find(key) != nullptr) continue;
            std::vector<std::string> known = manifest.config.names();
            known.insert(known.end(), {"enabled", "required"});
            problems->push_back(keyProblem(conf.file(), "plugins." + instance + "." + key,
                                           "an unknown key",
                                           "a key of plugin " + manifest.name + " " +
                                               manifest.version + didYouMean(key, known)));
        }
    }
    if (problems->size() > before) return std::nullopt;
    return jsonText(out);
}

}  // namespace sara::boot
