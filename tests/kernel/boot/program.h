// The real program as a child process, for tests: started with arguments, its output collected, its
// end awaited with a deadline.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace sara::boot {

class Program {
  public:
    static std::string path() { return std::string(SARA_BINARY_DIR) + "/bin/sara"; }

    // environment: "NAME=value", added to ours. The child inherits no signal mask of gtest.
    explicit Program(const std::vector<std::string>& args,
                     const std::vector<std::string>& environment = {});
    ~Program();  // kills what still runs
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    pid_t pid() const { return pid_; }
    // Until stdout has this text; false after the deadline or at its end.
    bool waitForOutput(const std::string& text, int timeout_ms = 20'000);
    // Exit code; 128 + signal when it was killed, -1 when it still runs after the deadline.
    int wait(int timeout_ms = 20'000);
    void signal(int number) const;
    const std::string& out() const { return out_; }
    const std::string& err() const { return err_; }

  private:
    bool readMore(int timeout_ms);

    pid_t pid_ = -1;
    int out_fd_ = -1;
    int err_fd_ = -1;
    std::string out_, err_;
};

}  // namespace sara::boot
