#include "boot/profiler.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

namespace sara::boot {
namespace {

// The name that Debian's libgoogle-perftools4 gives it.
constexpr const char* kLibrary = "libtcmalloc_and_profiler.so.4";
constexpr const char* kMark = "SARA_DEBUG_ENTERED";

std::string profilerError() { return std::strerror(errno); }

// gperftools' functions, when the loader has put it in front; it is never linked.
template <typename Function>
Function* find(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

using StartCpu = int(const char*);
using StopCpu = void();
using StartHeap = void(const char*);
using GetHeap = char*();

constexpr long kSampleNs = 10'000'000;  // of a thread's processor time: gperftools' 100 per second

// CPU time of any thread of this process; the kernel's encoding, which pthread_getcpuclockid()
// hides.
clockid_t cpuClockOf(pid_t thread) {
    return static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3) | 6u);
}

bool makeTimer(pid_t thread, timer_t* timer) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGPROF;
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
    event.sigev_notify_thread_id = thread;
    if (::timer_create(cpuClockOf(thread), &event, timer) != 0) return false;
    itimerspec every{};
    every.it_interval.tv_nsec = every.it_value.tv_nsec = kSampleNs;
    return ::timer_settime(*timer, 0, &every, nullptr) == 0;
}

std::vector<std::string> ownArguments() {
    std::ifstream in("/proc/self/cmdline", std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
    return words;
}

bool hasSanitizer() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

// O_EXCL: a link that somebody has put there is not followed.
std::string writeNew(const std::string& path, std::string_view text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return path + ": " + profilerError();
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const std::string error = path + ": " + profilerError();
            ::close(fd);
            return error;
        }
        text.remove_prefix(static_cast<size_t>(n));
    }
    ::close(fd);
    return {};
}

}  // namespace

std::string Profiler::enter() {
    if (hasSanitizer()) return "--debug: this build has a sanitizer, which has its own malloc";
    if (::getenv(kMark) != nullptr) {
        // Not for programs that plugins may start.
        ::unsetenv(kMark);
        ::unsetenv("LD_PRELOAD");
        if (find<StartCpu>("ProfilerStart") != nullptr) return {};
        return std::string("--debug needs gperftools (") + kLibrary +
               "); on Debian: apt-get install libgoogle-perftools4";
    }
    ::setenv(kMark, "1", 1);
    const char* const before = ::getenv("LD_PRELOAD");
    const std::string preload = before == nullptr ? kLibrary : std::string(kLibrary) + " " + before;
    ::setenv("LD_PRELOAD", preload.c_str(), 1);
    ::setenv("CPUPROFILE_PER_THREAD_TIMERS", "1", 1);  // for the main one; watchThreads()
    // Files come when they are asked for, not with every gigabyte.
    ::setenv("HEAP_PROFILE_ALLOCATION_INTERVAL", "0", 1);
    ::setenv("HEAP_PROFILE_INUSE_INTERVAL", "0", 1);
    std::vector<std::string> words = ownArguments();
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    return "--debug: cannot start anew: " + profilerError();
}

std::string Profiler::start(const std::string& folder) {
    std::string made = folder;
    if (made.empty()) {
        std::array<char, 32> name{"/tmp/sara-profiles-XXXXXX"};
        if (::mkdtemp(name.data()) == nullptr)
            return std::string(name.data()) + ": " + profilerError();
        made = name.data();
    } else if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST) {
        return made + ": " + profilerError();
    }
    folder_ = made;
    // Files of an earlier life are not overwritten.
    while (::access(cpuFile().c_str(), F_OK) == 0) ++number_;
    const auto start_heap = find<StartHeap>("HeapProfilerStart");
    if (start_heap == nullptr || !begin()) {
        folder_.clear();
        return made + ": the profiler does not start";
    }
    start_heap((made + "/sara_mem").c_str());
    return {};
}

void Profiler::watchThreads() {
    if (!running()) return;
    std::map<pid_t, timer_t> known;
    known.swap(timers_);
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
        const auto thread = static_cast<pid_t>(std::atoi(task.path().filename().c_str()));
        if (thread == ::getpid()) continue;
        const auto old = known.find(thread);
        timer_t timer{};
        if (old != known.end()) {
            timers_.insert(known.extract(old));
        } else if (makeTimer(thread, &timer)) {
            timers_.emplace(thread, timer);
        }
    }
    for (const auto& [thread, timer] : known) ::timer_delete(timer);
}

std::string Profiler::cpuFile() const {
    return folder_ + "/sara_cpu." + std::to_string(number_) + ".out";
}

bool Profiler::begin() {
    const auto start_cpu = find<StartCpu>("ProfilerStart");
    cpu_ = start_cpu != nullptr && start_cpu(cpuFile().c_str()) != 0;
    return cpu_;
}

Profiler::Files Profiler::write() {
    Files files;
    const auto stop_cpu = find<StopCpu>("ProfilerStop");
    const auto get_heap = find<GetHeap>("GetHeapProfile");
    if (!running() || stop_cpu == nullptr || get_heap == nullptr) {
        files.error = "the profiler does not run";
        return files;
    }
    if (cpu_) {
        stop_cpu();
        files.cpu = cpuFile();
    }
    files.heap = folder_ + "/sara_mem." + std::to_string(number_) + ".out";
    char* const text = get_heap();
    files.error = writeNew(files.heap, text != nullptr ? text : "");
    std::free(text);
    ++number_;
    if (!begin() && files.error.empty()) files.error = cpuFile() + ": cannot be written";
    return files;
}

Profiler::~Profiler() {
    for (const auto& [thread, timer] : timers_) ::timer_delete(timer);
    const auto stop_cpu = find<StopCpu>("ProfilerStop");
    if (cpu_ && stop_cpu != nullptr) stop_cpu();
}

}  // namespace sara::boot
