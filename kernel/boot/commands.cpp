#include "boot/commands.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <optional>

#include "boot/certificate.h"
#include "boot/conf_template.h"
#include "boot/pid_file.h"
#include "boot/plugin_plan.h"
#include "boot/report_answer.h"

namespace sara::boot {

namespace {

// The folder, or what of its path exists already, can be written.
std::string checkFolder(const std::string& key, const std::string& folder) {
    std::filesystem::path at = folder;
    std::error_code error;
    while (!std::filesystem::exists(at, error) && at.has_relative_path()) at = at.parent_path();
    if (at == folder && !std::filesystem::is_directory(at, error)) {
        return key + " " + folder + ": is not a folder";
    }
    if (::access(at.c_str(), W_OK | X_OK) != 0) {
        return key + " " + folder + ": " + at.string() + ": " + std::strerror(errno);
    }
    return {};
}

void checkSurroundings(const Conf& conf, Problems* problems) {
    const auto add = [&](const std::string& problem) {
        if (!problem.empty()) problems->push_back(conf.file() + ": " + problem);
    };
    if (conf.flag("enable_tls") || conf.flag("enable_wss")) {
        add(checkCertificate(conf.text("certfile"), conf.text("keyfile")));
    }
    if (conf.store() == "embedded") add(checkFolder("datadir", conf.text("datadir")));
    if (!conf.text("profile_dir").empty()) {
        add(checkFolder("profile_dir", conf.text("profile_dir")));
    }
    for (const char* key : {"logfile", "pidfile"}) {
        const std::filesystem::path file = conf.text(key);
        if (!file.empty()) add(checkFolder(key, file.parent_path().string()));
    }
}

// The sections are checked against manifests also for plugins that are switched off: typing errors
// are found before the day they are switched on. Those of plugins that are not installed cannot be.
std::string stateOf(const PluginFile& file, const PluginPlan& plan) {
    if (!file.refusal.empty()) return "refused: " + file.refusal;
    for (const PlannedPlugin& planned : plan.order) {
        if (planned.instance == file.name)
            return planned.required ? "enabled" : "enabled, optional";
    }
    for (const Problems* problems : {&plan.errors, &plan.warnings}) {
        for (const std::string& problem : *problems) {
            if (problem.rfind(file.title(), 0) == 0) {
                return "refused: " + problem.substr(file.title().size());
            }
        }
    }
    return "not enabled";
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out.empty() ? "-" : out;
}

// The conf file, the defaults when there is none and none was named, or nothing and the problems on
// stderr.
std::optional<Conf> confOrDefaults(const CommandLine& line) {
    Problems problems;
    std::error_code error;
    const bool exists = line.config_given || std::filesystem::exists(line.config, error);
    auto conf = exists ? Conf::load(line.config, &problems) : Conf::parse("{}", "", &problems);
    for (const std::string& problem : problems) std::cerr << "sara: " << problem << "\n";
    return conf;
}

}  // namespace

int runSetup(const CommandLine& line) {
    std::string error;
    if (!writeConfFile(line.out, confTemplate(line.store), line.force, &error)) {
        std::cerr << "sara: setup: " << line.out << ": " << error << "\n";
        return 1;
    }
    std::cout << "[success] setup config to : " << line.out << "\n";
    return 0;
}

int runCheck(const CommandLine& line) {
    Problems problems;
    std::string plugins;
    if (const auto conf = Conf::load(line.config, &problems)) {
        checkSurroundings(*conf, &problems);
        const auto folders = pluginFolders(*conf);
        const PluginPlan plan = planPlugins(*conf, scanPlugins(folders), folders);
        problems.insert(problems.end(), plan.errors.begin(), plan.errors.end());
        for (const std::string& warning : plan.warnings)
            std::cout << "warning: " << warning << "\n";
        for (const PlannedPlugin& planned : plan.order) plugins += " " + planned.instance;
    }
    for (const std::string& problem : problems) std::cerr << "sara: " << problem << "\n";
    if (!problems.empty()) return 1;
    std::cout << line.config << ": good; plugins" << plugins << "\n";
    return 0;
}

int runPluginList(const CommandLine& line) {
    // Without a conf file the defaults say what would be enabled.
    const auto conf = confOrDefaults(line);
    if (!conf) return 1;
    const auto folders = pluginFolders(*conf);
    const std::vector<PluginFile> files = scanPlugins(folders);
    const PluginPlan plan = planPlugins(*conf, files, folders);
    for (const PluginFile& file : files) {
        std::cout << file.name << " "
                  << (file.manifest.version.empty() ? "-" : file.manifest.version)
                  << "\n  state     " << stateOf(file, plan) << "\n  provides  "
                  << joined(file.manifest.provides) << "\n  hooks     "
                  << joined(file.manifest.hooks) << "\n  file      " << file.file.string() << "\n";
    }
    if (files.empty()) {
        for (const auto& folder : folders) std::cout << "no plugin in " << folder.string() << "\n";
    }
    return 0;
}

int runStop(const CommandLine& line) {
    const auto conf = confOrDefaults(line);
    if (!conf) return 1;
    constexpr int64_t kGraceMs = 10'000;  // behind the drain: flushing, joining, syncing
    return stopServer(conf->text("pidfile"), conf->integer("drain_timeout_ms") + kGraceMs);
}

int runPprof(const CommandLine& line) {
    const auto conf = confOrDefaults(line);
    if (!conf) return 1;
    constexpr int64_t kAnswerMs = 10'000;
    const int code = askForProfiles(conf->text("pidfile"), kAnswerMs);
    if (code != 0) return code;
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    std::cout << "read them with : google-pprof --text " << program.string() << " FILE\n";
    return 0;
}

int runVersion(bool brief) {
    if (brief) {
        std::cout << "sara version " SARA_VERSION "\n";
    } else {
        std::cout << "version\t: " SARA_VERSION "\nabi\t: " SARA_ABI_VERSION
                     "\nlicense\t: Apache-2.0\nsource\t: https://github.com/emsg/sara\n";
    }
    return 0;
}

}  // namespace sara::boot
