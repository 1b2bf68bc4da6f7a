// CPU and heap profiles of this process, made by gperftools (decision 0151). Decides that a server
// without --debug has nothing of it in its memory; refuses to start with --debug when the library
// is missing.
#pragma once
#include <sys/types.h>
#include <time.h>

#include <map>
#include <string>

namespace sara::boot {

class Profiler {
  public:
    struct Files {
        std::string cpu;
        std::string heap;
        std::string error;  // not empty: what went wrong, one sentence
    };

    Profiler() = default;
    ~Profiler();  // the profile so far stays in its file
    Profiler(const Profiler&) = delete;
    Profiler& operator=(const Profiler&) = delete;

    // [control] Before any thread: starts this program anew with gperftools in front of its malloc.
    // Returns when that has happened already, "" or what is wrong.
    [[nodiscard]] static std::string enter();

    // [control] Begins both profiles. folder: where files go; "" makes a private one in /tmp. ""
    // or what is wrong.
    [[nodiscard]] std::string start(const std::string& folder);
    [[nodiscard]] bool running() const { return !folder_.empty(); }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    // [control] A timer for each thread that has none yet: gperftools alone would see the main
    // thread only, for that is where the system sends a signal of the whole process.
    void watchThreads();
    // [control] Writes what has been seen: CPU since the last time, heap as it is now. Goes on.
    Files write();

  private:
    bool begin();
    [[nodiscard]] std::string cpuFile() const;

    std::map<pid_t, timer_t> timers_;
    std::string folder_;
    unsigned number_ = 1;
    bool cpu_ = false;
};

}  // namespace sara::boot
