// `--daemon`: leaving the terminal. Decides that the child does all of the start, on the terminal
// still, and that the parent ends with 0 only once the child is ready; so an error is seen by
// whoever typed the command.
#pragma once

namespace sara::boot {

class Daemon {
  public:
    Daemon() = default;
    ~Daemon();  // not ready: the parent ends with 1
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // [control] Before any thread. Returns in the child only; the parent waits for it and exits.
    // Throws std::runtime_error when it cannot fork.
    void fork();
    // [control] Releases the parent, then leaves the terminal and the working folder. Nothing
    // without fork().
    void ready();
    bool isChild() const { return forked_; }

  private:
    bool forked_ = false;
    int parent_ = -1;
};

}  // namespace sara::boot
