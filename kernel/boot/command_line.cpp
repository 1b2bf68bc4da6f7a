#include "boot/command_line.h"

#include <Poco/Exception.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionProcessor.h>
#include <Poco/Util/OptionSet.h>

#include <filesystem>
#include <sstream>

#include "boot/nearest_name.h"

namespace sara::boot {

namespace {

using Poco::Util::Option;

const std::vector<std::string>& commands() {
    static const std::vector<std::string> kCommands = {"start",    "setup", "stop",   "check",
                                                       "version",  "help",  "plugin", "talk",
                                                       "makeconn", "pprof"};
    return kCommands;
}

Poco::Util::OptionSet optionSet() {
    Poco::Util::OptionSet set;
    const auto add = [&](const char* full, const char* brief, const char* text,
                         const char* argument) {
        Option option(full, brief, text, false);
        if (argument != nullptr) option.argument(argument, true);
        set.addOption(option);
    };
    add("config", "c", "conf file (default /etc/sara/conf.json)", "FILE");
    add("daemon", "", "start: leave the terminal once the server is ready", nullptr);
    add("out", "o", "setup: write this file", "FILE");
    add("store", "", "setup: embedded (default) or redis", "NAME");
    add("force", "", "setup: overwrite an existing file", nullptr);
    add("debug", "", "start: profile processor time and memory, for `sara pprof`", nullptr);
    add("version", "v", "print the version", nullptr);
    add("help", "h", "print this text", nullptr);
    return set;
}

void apply(const std::string& name, const std::string& value, CommandLine* line) {
    const auto absolute = [&] {
        return std::filesystem::absolute(value).lexically_normal().string();
    };
    if (name == "config") {
        line->config = absolute();
        line->config_given = true;
    } else if (name == "out") {
        line->out = absolute();
    } else if (name == "store") {
        line->store = value;
        if (value != "embedded" && value != "redis") {
            line->error = "--store: found \"" + value + "\", expected embedded or redis";
        }
    } else if (name == "daemon") {
        line->daemon = true;
    } else if (name == "debug") {
        line->debug = true;
    } else if (name == "force") {
        line->force = true;
    }
}

}  // namespace

CommandLine parseCommandLine(const std::vector<std::string>& args) {
    CommandLine line;
    if (!args.empty() && (args.front() == "talk" || args.front() == "makeconn")) {
        line.command = args.front();
        line.words.assign(args.begin() + 1, args.end());
        return line;
    }
    const Poco::Util::OptionSet options = optionSet();
    Poco::Util::OptionProcessor processor(options);
    processor.setUnixStyle(true);
    bool version = false, help = false;
    std::vector<std::string> words;
    try {
        for (const std::string& arg : args) {
            std::string name, value;
            if (processor.process(arg, name, value)) {
                if (!name.empty()) apply(name, value, &line);
                version = version || name == "version";
                help = help || name == "help";
            } else {
                words.push_back(arg);
            }
        }
        processor.checkRequired();
    } catch (const Poco::Exception& e) {
        line.error = e.displayText() + "; `sara help` lists the options";
        return line;
    }
    if (!words.empty()) {
        line.command = words.front();
        line.words.assign(words.begin() + 1, words.end());
    }
    if (nearestName(line.command, commands()) != line.command) {
        line.error = "unknown command \"" + line.command + "\"" +
                     didYouMean(line.command, commands()) + "; `sara help` lists them";
    } else if (line.command == "plugin" && line.words != std::vector<std::string>{"list"}) {
        line.error = "expected `sara plugin list`";
    } else if (line.command != "plugin" && !line.words.empty()) {
        line.error = "found the word \"" + line.words.front() + "\" behind " + line.command;
    }
    // "sara -v" of the earlier server prints one line, "sara version" several.
    if (version) line.command = "-v";
    if (help) line.command = "help";
    return line;
}

std::string usageText() {
    std::ostringstream out;
    const Poco::Util::OptionSet options = optionSet();
    Poco::Util::HelpFormatter formatter(options);
    formatter.setUnixStyle(true);
    formatter.setCommand("sara");
    formatter.setUsage("[COMMAND] [OPTIONS]");
    formatter.setHeader(
        "Commands: start (default), setup (write a conf file), stop, check (conf file and plugins, "
        "without starting), plugin list, talk (chat from the terminal; `sara talk --help`), "
        "makeconn (load on a server; `sara makeconn --help`), pprof (profiles of a server that "
        "runs with "
        "--debug), version, help.");
    formatter.setWidth(90);
    formatter.format(out);
    return out.str();
}

}  // namespace sara::boot
