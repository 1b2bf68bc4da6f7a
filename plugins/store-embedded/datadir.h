// The folder that belongs to one server: made when it is missing, refused with one sentence when it
// cannot be used, and locked while the store runs. The lock ends with the process, however that
// ends.
#pragma once
#include <string>

namespace sara::store_embedded {

class Datadir {
  public:
    Datadir() = default;
    ~Datadir() { unlock(); }
    Datadir(const Datadir&) = delete;
    Datadir& operator=(const Datadir&) = delete;

    // Creates path with mode 0700 (not its parents) and locks it. Empty: fine; otherwise the
    // sentence for the operator.
    [[nodiscard]] std::string open(const std::string& path);
    void unlock();

  private:
    int lock_fd_ = -1;
};

}  // namespace sara::store_embedded
