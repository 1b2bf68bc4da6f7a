#include "bus/worker_threads.h"

#include <pthread.h>
#include <signal.h>

#include <string>

namespace sara::bus {
namespace {

void runDone(void* user, uint64_t done, uint64_t) noexcept {
    reinterpret_cast<sara_fn>(done)(user);
}

}  // namespace

WorkerThreads::WorkerThreads(loop::LoopSet& loops, uint32_t threads_max, uint32_t queue_max)
    : loops_(loops),
      threads_max_(threads_max == 0 ? 1 : threads_max),
      ring_(queue_max == 0 ? 1 : queue_max) {
    full_ = loop::Counters::instance().define(loop::CounterKind::kCounter, "bus_work_refused_total",
                                              "jobs refused at work_queue_max");
    threads_.reserve(threads_max_);
    orphans_.reserve(ring_.size() + threads_max_);
}

WorkerThreads::~WorkerThreads() { shutDown(); }

sara_status WorkerThreads::submit(sara_fn work, sara_fn done, void* user) {
    const loop::EventLoop* loop = loop::EventLoop::current();
    if (loop == nullptr) return SARA_E_THREAD;
    if (work == nullptr) return SARA_E_INVALID;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) return SARA_E_CLOSED;
        if (waiting_ == ring_.size()) {
            full_.add();
            return SARA_E_AGAIN;
        }
        // A waiting job may already have an idle thread on its way to it: count both.
        const bool helped = idle_ > waiting_ || threads_.size() == threads_max_ || startThread();
        if (!helped && threads_.empty()) return SARA_E_AGAIN;
        ring_[(first_ + waiting_++) % ring_.size()] = {work, done, user, loop->index()};
    }
    wake_.notify_one();
    return SARA_OK;
}

bool WorkerThreads::startThread() noexcept {
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGPROF);  // of profilers: it is for the thread that runs
    pthread_sigmask(SIG_SETMASK, &all,
                    &before);  // a new thread inherits: signals are for boot's thread
    bool started = true;
    try {
        const auto number = static_cast<uint32_t>(threads_.size());
        threads_.emplace_back([this, number] { run(number); });
    } catch (...) {  // no more threads: the ones that are there do the work
        started = false;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

void WorkerThreads::run(uint32_t number) {
    const std::string name = "sara-work-" + std::to_string(number);
    pthread_setname_np(pthread_self(), name.c_str());
    std::unique_lock lock(mutex_);
    while (true) {
        ++idle_;
        wake_.wait(lock, [this] { return waiting_ != 0 || closing_; });
        --idle_;
        if (waiting_ == 0) return;  // closing, and nothing is left
        const Job job = ring_[first_];
        first_ = (first_ + 1) % ring_.size();
        --waiting_;
        lock.unlock();
        job.work(job.user);
        complete(job);
        lock.lock();
    }
}

void WorkerThreads::complete(const Job& job) {
    if (job.done == nullptr) return;
    const loop::Post post{&runDone, job.user, reinterpret_cast<uint64_t>(job.done), 0};
    if (loops_.at(job.loop).post(post, loop::PostClass::kReply)) return;
    const std::lock_guard lock(mutex_);
    orphans_.push_back(job);
}

void WorkerThreads::shutDown() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
    for (const Job& job : orphans_) job.done(job.user);
    orphans_.clear();
}

}  // namespace sara::bus
