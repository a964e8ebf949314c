/** What a process has used, as Linux knows it. */
import { readFileSync } from 'node:fs';

// Of /proc, everywhere. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const TICKS_PER_SECOND = 100;

/** Seconds of one core since it began, in itself and in the kernel. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in brackets, and may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Memory in RAM, in MB. */
export function residentMb(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return (pages * 4_096) / 1e6;
}
