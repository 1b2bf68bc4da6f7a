// What the tests of boot share: a folder that disappears, a log that remembers, and a small server
// of plugins from the corpus of wrong ones.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "boot/conf_file.h"
#include "boot/plugin_plan.h"
#include "boot/plugin_set.h"
#include "bus/bus.h"
#include "loop/clock.h"
#include "loop/loop_set.h"

namespace sara::boot {

class TempFolder {
  public:
    TempFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sara-boot-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    std::string text() const { return path_.string(); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return (path_ / name).string();
    }

  private:
    std::filesystem::path path_;
};

inline std::string readFile(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

class MemoryLog final : public loop::Log {
  public:
    bool enabled(loop::LogLevel) const override { return true; }
    void write(loop::LogLevel, std::string_view, std::string_view text) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        lines_.emplace_back(text);
    }
    std::vector<std::string> lines() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return lines_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

// Loops, bus and plugins of one conf text; plugins come from the corpus unless the test says
// otherwise.
class PluginWorld {
  public:
    static std::string corpus() { return std::string(SARA_BINARY_DIR) + "/tests/wrong"; }
    // Neither a transport nor a store: the corpus has none of those names.
    static std::string confWith(const std::string& sections) {
        return R"({"plugins": {"transport-tcp": {"enabled": false}, "transport-ws": false, "store-embedded": {"enabled": false})" +
               (sections.empty() ? "" : ", " + sections) + "}}";
    }

    explicit PluginWorld(const std::string& sections, const std::string& folder = corpus()) {
        marks_ = temp_ / "marks";
        ::setenv("SARA_WRONG_MARKS", marks_.c_str(), 1);
        Problems problems;
        const auto conf = Conf::parse(confWith(sections), "conf.json", &problems);
        EXPECT_THAT(problems, testing::IsEmpty());
        if (!conf) return;
        plan = planPlugins(*conf, scanPlugins({folder}), {folder});
    }
    ~PluginWorld() {
        if (plugins) {
            plugins->stop();
            bus->shutDown();
            loops->stop();
            plugins->destroy();
        }
        plugins.reset();
        ::unsetenv("SARA_WRONG_MARKS");
    }

    // "" when everything started, else the sentence that ended the start.
    std::string start() {
        if (!plan.errors.empty()) return plan.errors.front();
        loops = std::make_unique<loop::LoopSet>(2, clock, loop::EventLoop::Limits{});
        bus = std::make_unique<bus::Bus>(bus::Bus::Options{*loops, clock, log, "n01", "1.0.0"});
        plugins = std::make_unique<PluginSet>(std::move(plan), *bus, *loops, log);
        loops->start();
        const bool good =
            plugins->initialise() && plugins->startServices() && plugins->startTransports();
        return good ? "" : plugins->error();
    }
    std::string marks() const { return readFile(marks_); }

    PluginPlan plan;
    loop::SystemClock clock;
    MemoryLog log;
    std::unique_ptr<loop::LoopSet> loops;
    std::unique_ptr<bus::Bus> bus;
    std::unique_ptr<PluginSet> plugins;

  private:
    TempFolder temp_;
    std::string marks_;
};

}  // namespace sara::boot
