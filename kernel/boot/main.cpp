// The program `sara`: from the command line to a command.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "boot/command_line.h"
#include "boot/commands.h"
#include "boot/signals.h"
#include "boot/start.h"
#include "boot/talk.h"
#include "makeconn/makeconn.h"

namespace {

int run(const std::vector<std::string>& args) {
    using namespace sara::boot;
    const CommandLine line = parseCommandLine(args);
    if (!line.error.empty()) {
        std::cerr << "sara: " << line.error << "\n";
        return 1;
    }
    if (line.command == "talk") return runTalk(line.words);
    if (line.command == "makeconn") return sara::makeconn::runMakeconn(line.words);
    if (line.command == "setup") return runSetup(line);
    if (line.command == "check") return runCheck(line);
    if (line.command == "plugin") return runPluginList(line);
    if (line.command == "stop") return runStop(line);
    if (line.command == "pprof") return runPprof(line);
    if (line.command == "version") return runVersion(false);
    if (line.command == "-v") return runVersion(true);
    if (line.command == "help") {
        std::cout << usageText();
        return 0;
    }
    Signals::block();
    return runStart(line);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& e) {
        std::cerr << "sara: " << e.what() << "\n";
        return 1;
    }
}
