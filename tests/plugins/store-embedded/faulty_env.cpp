#include "faulty_env.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "store-embedded/plugin.h"

namespace sara::store_embedded {

leveldb::Env* databaseEnv() { return &FaultyEnv::instance(); }

FaultyEnv& FaultyEnv::instance() {
    // Never destroyed: LevelDB's own thread may look at it until the process ends.
    static auto* env = new FaultyEnv;
    return *env;
}

class FaultyFile : public leveldb::WritableFile {
  public:
    FaultyFile(FaultyEnv& env, std::string name, leveldb::WritableFile* file)
        : env_(env), name_(std::move(name)), file_(file) {}

    leveldb::Status Append(const leveldb::Slice& data) override {
        const leveldb::Status fault = env_.step(name_, false);
        const std::lock_guard lock(env_.mutex_);
        const size_t n = fault.ok() ? data.size() : data.size() / 2;
        // Flushed at once, so that sizes say what the kernel has.
        leveldb::Status status = file_->Append(leveldb::Slice(data.data(), n));
        if (status.ok()) status = file_->Flush();
        if (status.ok()) env_.sizes_[name_].written += n;
        return fault.ok() ? status : fault;
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
        const leveldb::Status fault = env_.step(name_, true);
        if (!fault.ok()) return fault;
        const std::lock_guard lock(env_.mutex_);
        const leveldb::Status status = file_->Flush();
        if (status.ok()) env_.sizes_[name_].synced = env_.sizes_[name_].written;
        return status;
    }

  private:
    FaultyEnv& env_;
    const std::string name_;
    const std::unique_ptr<leveldb::WritableFile> file_;
};

class FaultyReader : public leveldb::RandomAccessFile {
  public:
    FaultyReader(FaultyEnv& env, leveldb::RandomAccessFile* file) : env_(env), file_(file) {}
    leveldb::Status Read(uint64_t offset, size_t n, leveldb::Slice* out,
                         char* scratch) const override {
        if (env_.reads_fail_) return leveldb::Status::IOError("read", "Input/output error");
        return file_->Read(offset, n, out, scratch);
    }

  private:
    FaultyEnv& env_;
    const std::unique_ptr<leveldb::RandomAccessFile> file_;
};

void FaultyEnv::heal() {
    disk_full_ = false;
    reads_fail_ = false;
    failing_syncs_ = 0;
    steps_to_failure_ = -1;
    release();
}

void FaultyEnv::hang() {
    const std::lock_guard lock(mutex_);
    hang_ = true;
}

void FaultyEnv::release() {
    const std::lock_guard lock(mutex_);
    hang_ = false;
    released_.notify_all();
}

leveldb::Status FaultyEnv::step(const std::string& name, bool sync) {
    if (sync) {
        ++syncs_;
        std::unique_lock lock(mutex_);
        ++hanging_now_;
        released_.wait(lock, [this] { return !hang_; });
        --hanging_now_;
    }
    if (disk_full_) return leveldb::Status::IOError(name, "No space left on device");
    if (sync && failing_syncs_ > 0) {
        --failing_syncs_;
        return leveldb::Status::IOError(name, "Input/output error");
    }
    int64_t left = steps_to_failure_;
    while (left > 0 && !steps_to_failure_.compare_exchange_weak(left, left - 1)) {
    }
    if (left == 1) return leveldb::Status::IOError(name, "Input/output error");
    return leveldb::Status::OK();
}

leveldb::Status FaultyEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** out) {
    *out = nullptr;
    if (disk_full_) return leveldb::Status::IOError(name, "No space left on device");
    const std::lock_guard lock(mutex_);
    leveldb::WritableFile* file = nullptr;
    const leveldb::Status status = target()->NewWritableFile(name, &file);
    if (!status.ok()) return status;
    sizes_[name] = {};
    *out = new FaultyFile(*this, name, file);
    return status;
}

leveldb::Status FaultyEnv::NewAppendableFile(const std::string& name, leveldb::WritableFile** out) {
    *out = nullptr;
    return leveldb::Status::NotSupported("NewAppendableFile", name);
}

leveldb::Status FaultyEnv::NewRandomAccessFile(const std::string& name,
                                               leveldb::RandomAccessFile** out) {
    leveldb::RandomAccessFile* file = nullptr;
    const leveldb::Status status = target()->NewRandomAccessFile(name, &file);
    *out = status.ok() ? new FaultyReader(*this, file) : nullptr;
    return status;
}

leveldb::Status FaultyEnv::RenameFile(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    const leveldb::Status status = target()->RenameFile(from, to);
    if (status.ok()) {
        sizes_[to] = sizes_[from];
        sizes_.erase(from);
    }
    return status;
}

leveldb::Status FaultyEnv::RemoveFile(const std::string& name) {
    const std::lock_guard lock(mutex_);
    sizes_.erase(name);
    return target()->RemoveFile(name);
}

void FaultyEnv::powerCut(const std::string& from, const std::string& to, std::mt19937& random) {
    namespace fs = std::filesystem;
    const std::lock_guard lock(mutex_);
    fs::create_directories(to);
    for (const auto& entry : fs::directory_iterator(from)) {
        if (!entry.is_regular_file()) continue;
        const std::string name = entry.path().string();
        std::ifstream in(name, std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const auto known = sizes_.find(name);
        if (known != sizes_.end() && bytes.size() > known->second.synced) {
            const size_t loose = bytes.size() - known->second.synced;
            const size_t kept = random() % (loose + 1);
            bytes.resize(known->second.synced + kept);
            if (kept > 0 && random() % 2 == 0) bytes.back() = static_cast<char>(random());
        }
        std::ofstream out(fs::path(to) / entry.path().filename(), std::ios::binary);
        out << bytes;
    }
}

}  // namespace sara::store_embedded
