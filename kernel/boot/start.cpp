#include "boot/start.h"

#include <Poco/Exception.h>
#include <Poco/Util/ServerApplication.h>

#include <csignal>
#include <iostream>

#include "boot/file_limit.h"
#include "boot/log_channel.h"
#include "boot/pid_file.h"
#include "boot/plugin_plan.h"
#include "boot/report_answer.h"
#include "boot/server.h"

namespace sara::boot {

namespace {

int refuse(const Problems& problems) {
    std::string line = problems.front();
    for (char& c : line) c = c == '\n' ? ' ' : c;
    if (problems.size() > 1) {
        line += " (and " + std::to_string(problems.size() - 1) + " more: `sara check` lists them)";
    }
    std::cerr << "sara: " << line << std::endl;
    return 1;
}

LogSink::Options logOptions(const Conf& conf) {
    LogSink::Options options;
    options.file = conf.text("logfile");
    options.file_bytes_max = static_cast<uint64_t>(conf.integer("logfile_bytes_max"));
    options.file_count = static_cast<uint32_t>(conf.integer("logfile_count"));
    options.level = static_cast<loop::LogLevel>(conf.integer("loglevel"));
    options.console = conf.flag("log_console");
    options.queue_bytes_max = static_cast<size_t>(conf.limit("log_queue_bytes_max"));
    options.line_bytes_max = static_cast<size_t>(conf.limit("log_line_bytes_max"));
    return options;
}

// POCO's application class gives the process its name, its logger and its subsystems. Command line,
// daemon, pid file and signals are our own: POCO's fork comes before the conf file is read, its pid
// file is not locked, and a second SIGTERM ends its drain (decision 0041).
class Application final : public Poco::Util::ServerApplication {
  public:
    explicit Application(const CommandLine& line) : line_(line) {
        // The base class catches these and jumps; a core file shows more.
        for (const int number : {SIGILL, SIGBUS, SIGSEGV, SIGSYS}) std::signal(number, SIG_DFL);
    }

  protected:
    int main(const std::vector<std::string>&) override {
        const loop::SystemClock clock;
        const uint64_t began_ms = clock.monotonicMs();
        Problems problems;
        const auto conf = Conf::load(line_.config, &problems);
        if (!conf) return refuse(problems);
        const auto folders = pluginFolders(*conf);
        PluginPlan plan = planPlugins(*conf, scanPlugins(folders), folders);
        if (!plan.errors.empty()) return refuse(plan.errors);

        Daemon daemon;
        if (line_.daemon) daemon.fork();
        std::string error;
        PidFile pid_file;
        if (!pid_file.claim(conf->text("pidfile"), &error)) return refuse({error});
        LogSink log(logOptions(*conf), clock);
        if (!log.start(&error)) return refuse({error});
        attachPocoLog(log, static_cast<loop::LogLevel>(conf->integer("loglevel")));
        const FileLimitLine files = describeFileLimit(raiseFileLimit());
        log.write(files.warning ? loop::LogLevel::kWarn : loop::LogLevel::kInfo, "boot",
                  files.text);
        Profiler profiler;
        if (line_.debug) {
            error = profiler.start(conf->text("profile_dir"));
            if (!error.empty()) return refuse({error});
            log.write(loop::LogLevel::kInfo, "boot", "profiling to " + profiler.folder());
        }
        Signals signals;
        Runtime runtime{*conf, std::move(plan), log, clock, signals, daemon, began_ms, profiler};
        int code = 1;
        try {
            code = runServer(runtime);
        } catch (const Poco::Exception& e) {
            code = runtime.fail(e.displayText());
        } catch (const std::exception& e) {
            code = runtime.fail(e.what());
        }
        forgetReport(conf->text("pidfile"));
        detachPocoLog();
        log.write(loop::LogLevel::kInfo, "boot", code == 0 ? "ended in order" : "ended");
        return code;
    }

  private:
    const CommandLine& line_;
};

}  // namespace

int runStart(const CommandLine& line) {
    if (line.debug) {
        const std::string wrong = Profiler::enter();
        if (!wrong.empty()) return refuse({wrong});
    }
    Application application(line);
    // Its words were read already; it gets none.
    return application.run(std::vector<std::string>{"sara"});
}

}  // namespace sara::boot
