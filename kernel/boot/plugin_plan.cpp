#include "boot/plugin_plan.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <system_error>

#include "boot/nearest_name.h"
#include "boot/plugin_config.h"
#include "sara/sara.h"

namespace sara::boot {

namespace {

// A constant, and public.
constexpr const char* kTemplateToken = "http-rpc access token";

struct Wanted {
    bool required = true;
    std::string because;  // for the sentence when it is missing
};

// Tables of the host that a manifest may list under "requires": always there.
bool isHostExtension(const std::string& service) {
    static const std::set<std::string> kExtensions = {
        SARA_EXT_BUS,     SARA_EXT_CONFIG, SARA_EXT_GATE,     SARA_EXT_LOG,   SARA_EXT_LOOP,
        SARA_EXT_METRICS, SARA_EXT_RPC,    SARA_EXT_SERVICES, SARA_EXT_HEALTH};
    return kExtensions.count(service) > 0;
}

class Planner {
  public:
    Planner(const Conf& conf, const std::vector<PluginFile>& files,
            const std::vector<std::filesystem::path>& folders)
        : conf_(conf), files_(files), folders_(folders) {}

    PluginPlan run() {
        select();
        for (const auto& [name, wanted] : wanted_) admit(name, wanted);
        makeRoom();
        refuseRivals();
        while (dropUnserved()) {
        }
        order();
        return std::move(plan_);
    }

  private:
    const PluginFile* find(const std::string& name) const {
        for (const PluginFile& file : files_) {
            if (file.name == name) return &file;
        }
        return nullptr;
    }

    bool flagOf(const std::string& name, const char* key, bool fallback) {
        const auto section = conf_.plugins().find(name);
        if (section == conf_.plugins().end()) return fallback;
        const Poco::Dynamic::Var value = section->second->get(key);
        if (value.isEmpty()) return fallback;
        const auto flag = readFlag(value);
        if (!flag) {
            plan_.errors.push_back(keyProblem(conf_.file(), "plugins." + name + "." + key,
                                              describeFound(value, false), "true or false"));
        }
        return flag.value_or(fallback);
    }

    void select() {
        wanted_["transport-tcp"] = {true, "without a transport no client can connect"};
        for (const char* key : {"enable_wss", "enable_ws"}) {
            if (!conf_.flag(key)) continue;
            wanted_["transport-ws"] = {true, std::string("key \"") + key + "\" is true"};
        }
        // Without a URL it is quiet, and not missed where it is not installed.
        const bool called = !conf_.text("callback").empty();
        if (called || find("auth-callback") != nullptr) {
            wanted_["auth-callback"] = {called, "key \"callback\" names a backend"};
        }
        if (conf_.text("accesstoken") == kTemplateToken) {
            plan_.warnings.push_back(conf_.file() +
                                     ": key \"accesstoken\" is the text of the earlier server's "
                                     "template, which everybody knows; `sara setup -o FILE` writes "
                                     "a file with a random one");
        }
        // Parts of every server that is installed whole; a folder without them is no mistake.
        for (const char* name : {"rpc-http", "blacklist"}) {
            if (find(name) != nullptr) wanted_[name] = {true, "it is part of the server"};
        }
        std::string store = conf_.store();
        if (store == "redis" && conf_.storeIsImplied() && find("store-redis") == nullptr) {
            // An old file must start this server as it is, also while there is no Redis store.
            plan_.warnings.push_back(
                conf_.file() +
                ": key \"dbaddr\" asks for Redis, but plugin store-redis is not installed; "
                "messages wait in the embedded store in " +
                conf_.text("datadir") + "; say \"store\": \"embedded\" to agree");
            store = "embedded";
        }
        wanted_["store-" + store] = {true, "key \"store\" is \"" + store + "\""};
        for (const auto& [name, section] : conf_.plugins()) {
            wanted_[name] = {true, "section \"plugins." + name + "\" names it"};
        }
        for (auto entry = wanted_.begin(); entry != wanted_.end();) {
            entry->second.required = flagOf(entry->first, "required", entry->second.required);
            const bool enabled = flagOf(entry->first, "enabled", true);
            entry = enabled ? std::next(entry) : wanted_.erase(entry);
        }
    }

    void refuse(bool required, const std::string& sentence) {
        (required ? plan_.errors : plan_.warnings).push_back(sentence);
    }

    void admit(const std::string& name, const Wanted& wanted) {
        const PluginFile* const file = find(name);
        if (file == nullptr) {
            std::string places;
            for (const auto& folder : folders_)
                places += (places.empty() ? "" : ", ") + folder.string();
            std::vector<std::string> known;
            for (const PluginFile& other : files_) known.push_back(other.name);
            refuse(wanted.required, "plugin '" + name + "': not found in " + places + " (" +
                                        wanted.because + ")" + didYouMean(name, known) +
                                        "; install it or say \"enabled\": false");
            return;
        }
        if (!file->refusal.empty()) {
            refuse(wanted.required, file->title() + file->refusal);
            return;
        }
        PlannedPlugin planned{*file, name, wanted.required, {}};
        Problems problems;
        if (auto config = pluginConfig(conf_, name, file->manifest, &problems)) {
            planned.config_json = std::move(*config);
            plan_.order.push_back(std::move(planned));
            return;
        }
        for (const std::string& problem : problems)
            refuse(wanted.required, file->title() + problem);
    }

    // The callback plugin runs by default: whoever names another provider for one of its services
    // has chosen that one, and keeps the rest of it.
    void makeRoom() {
        for (PlannedPlugin& planned : plan_.order) {
            if (planned.instance != "auth-callback") continue;
            std::erase_if(planned.plugin.manifest.provides, [&](const std::string& service) {
                for (const PlannedPlugin& other : plan_.order) {
                    if (&other == &planned || !other.plugin.manifest.offers(service)) continue;
                    plan_.warnings.push_back("plugins 'auth-callback' and '" + other.instance +
                                             "' both provide " + service + "; '" + other.instance +
                                             "' is asked");
                    return true;
                }
                return false;
            });
        }
    }

    // One provider for each service, except transports: taking the first would be a silent choice.
    void refuseRivals() {
        std::map<std::string, std::string> providers;
        for (const PlannedPlugin& planned : plan_.order) {
            for (const std::string& service : planned.plugin.manifest.provides) {
                if (service == SARA_SVC_TRANSPORT) continue;
                const auto [first, alone] = providers.emplace(service, planned.instance);
                if (alone) continue;
                plan_.errors.push_back("plugins '" + first->second + "' and '" + planned.instance +
                                       "' both provide " + service +
                                       "; disable one: \"plugins\": {\"" + first->second +
                                       "\": {\"enabled\": false}}");
            }
        }
    }

    bool isServed(const std::string& service) const {
        return isHostExtension(service) ||
               std::any_of(plan_.order.begin(), plan_.order.end(), [&](const PlannedPlugin& p) {
                   return p.plugin.manifest.offers(service);
               });
    }

    // Drops the first plugin with an open need; true when there was one. Others may depend on it.
    bool dropUnserved() {
        for (auto p = plan_.order.begin(); p != plan_.order.end(); ++p) {
            for (const Manifest::Need& need : p->plugin.manifest.requires_) {
                if (!need.hard || isServed(need.service)) continue;
                std::string offer;
                for (const PluginFile& file : files_) {
                    if (file.manifest.offers(need.service)) offer += " " + file.name;
                }
                refuse(p->required,
                       p->plugin.title() + "requires the service " + need.service +
                           ", which no enabled plugin provides; " +
                           (offer.empty() ? "install a plugin that does"
                                          : "found but not enabled or refused:" + offer));
                plan_.order.erase(p);
                return true;
            }
        }
        return false;
    }

    void order() {
        std::string cycle;
        std::set<size_t> members;
        while (!sortByNeeds(&plan_.order, &cycle, &members)) {
            bool required = false;
            std::vector<PlannedPlugin> rest;
            for (size_t i = 0; i < plan_.order.size(); ++i) {
                if (members.count(i) > 0) {
                    required = required || plan_.order[i].required;
                } else {
                    rest.push_back(plan_.order[i]);
                }
            }
            refuse(required,
                   "plugins need each other in a circle: " + cycle + "; disable one of them");
            plan_.order = std::move(rest);
            while (dropUnserved()) {
            }
        }
    }

    const Conf& conf_;
    const std::vector<PluginFile>& files_;
    const std::vector<std::filesystem::path>& folders_;
    std::map<std::string, Wanted> wanted_;
    PluginPlan plan_;
};

}  // namespace

PluginPlan planPlugins(const Conf& conf, const std::vector<PluginFile>& files,
                       const std::vector<std::filesystem::path>& folders) {
    return Planner(conf, files, folders).run();
}

std::vector<std::filesystem::path> pluginFolders(const Conf& conf) {
    std::vector<std::filesystem::path> folders;
    if (const char* const list = std::getenv("SARA_PLUGIN_DIR")) {
        const std::string text = list;
        for (size_t begin = 0; begin < text.size();) {
            const size_t end = std::min(text.find(':', begin), text.size());
            if (end > begin) folders.emplace_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
    }
    if (folders.empty()) {
        for (const std::string& folder : conf.texts("plugin_dir")) folders.emplace_back(folder);
    }
    if (folders.empty()) {
        std::error_code error;
        const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
        folders.push_back(program.parent_path().parent_path() / "lib/sara/plugins");
    }
    for (auto& folder : folders) folder = std::filesystem::absolute(folder).lexically_normal();
    return folders;
}

}  // namespace sara::boot
