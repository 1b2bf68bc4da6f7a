// The pid file of a running server. Decides that the lock on it, not its content, says whether a
// server runs: a second start is refused, what a kill -9 left behind is taken over. Removed at the
// end.
#pragma once
#include <sys/types.h>

#include <string>

namespace sara::boot {

class PidFile {
  public:
    PidFile() = default;
    ~PidFile();  // removes the file
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

    // [control] Writes our pid. False: *error is a sentence ("... is held by a running server, pid
    // 12; ..."). An empty path is fine and holds nothing.
    [[nodiscard]] bool claim(const std::string& path, std::string* error);

  private:
    std::string path_;
    int fd_ = -1;
};

enum class PidState { kNone, kStale, kRunning };

// [any] Who holds this pid file; *pid is set when kRunning, and *error when it cannot be said (then
// kNone).
PidState readPidFile(const std::string& path, pid_t* pid, std::string* error);

// [control] SIGTERM to the server behind the pid file, then waits until its lock is free. Prints
// one line to stdout; returns the exit code.
int stopServer(const std::string& path, int64_t timeout_ms);

}  // namespace sara::boot
