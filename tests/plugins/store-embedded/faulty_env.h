// A file system that breaks on demand, under the same code as the real one: full disk, failing
// sync, torn write, a sync that hangs, and a power cut that keeps only what was synced. Linked in
// place of default_env.cpp.
#pragma once
#include <leveldb/env.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>

namespace sara::store_embedded {

class FaultyEnv : public leveldb::EnvWrapper {
  public:
    FaultyEnv() : leveldb::EnvWrapper(leveldb::Env::Default()) {}
    // The one that the store of this program uses.
    static FaultyEnv& instance();

    // Everything works again, counters are 0.
    void heal();
    // From now on writes fail as on a full disk, half of the data of the first one written.
    void fillDisk() { disk_full_ = true; }
    // The next n syncs fail with an I/O error.
    void failSyncs(int n) { failing_syncs_ = n; }
    // The n-th write or sync from now (1: the next) fails with an I/O error, half of a write done.
    void failStep(int64_t n) { steps_to_failure_ = n; }
    bool stepFailed() const { return steps_to_failure_ == 0; }
    // Reads of tables fail.
    void failReads(bool on) { reads_fail_ = on; }
    // Syncs wait until release() or heal().
    void hang();
    void release();
    bool hanging() const { return hanging_now_ > 0; }
    int64_t syncs() const { return syncs_; }

    // Copies what a disk would hold after a power cut now: each file up to its last sync, and of
    // what was written behind that a random part, its last byte perhaps wrong.
    void powerCut(const std::string& from, const std::string& to, std::mt19937& random);

    leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** out) override;
    leveldb::Status NewAppendableFile(const std::string& name,
                                      leveldb::WritableFile** out) override;
    leveldb::Status NewRandomAccessFile(const std::string& name,
                                        leveldb::RandomAccessFile** out) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    leveldb::Status RemoveFile(const std::string& name) override;

  private:
    friend class FaultyFile;
    friend class FaultyReader;
    struct Sizes {
        uint64_t written = 0;
        uint64_t synced = 0;
    };
    // What the next write or sync does.
    leveldb::Status step(const std::string& name, bool sync);

    std::atomic<bool> disk_full_{false};
    std::atomic<bool> reads_fail_{false};
    std::atomic<int> failing_syncs_{0};
    std::atomic<int64_t> steps_to_failure_{-1};
    std::atomic<int64_t> syncs_{0};
    std::atomic<int> hanging_now_{0};
    std::mutex mutex_;  // sizes_, hang_, and every change of a file
    std::condition_variable released_;
    bool hang_ = false;
    std::map<std::string, Sizes> sizes_;
};

}  // namespace sara::store_embedded
