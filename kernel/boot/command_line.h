// The words behind `sara` on the command line. Decides which command is meant and refuses options
// that do not exist; the commands themselves are elsewhere.
#pragma once
#include <string>
#include <vector>

namespace sara::boot {

struct CommandLine {
    std::string command = "start";
    std::string config = "/etc/sara/conf.json";
    bool config_given = false;
    bool daemon = false;
    bool debug = false;
    bool force = false;
    std::string out = "/etc/sara/conf.json";  // setup
    std::string store = "embedded";           // setup
    std::vector<std::string> words;           // behind the command
    std::string error;                        // not empty: what is wrong, one sentence
};

// [any] args without the program's name. `talk` and `makeconn` keep all of their words to
// themselves.
CommandLine parseCommandLine(const std::vector<std::string>& args);

// [any] What `sara help` prints.
std::string usageText();

}  // namespace sara::boot
