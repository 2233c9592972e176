'use strict';
// Which package manager this system has, and the command that installs a package with it.

const fs = require('node:fs');
const { which } = require('./process.js');

/** The names of what we need, per package manager. */
const names = {
  openblas: {
    apt: 'libopenblas-dev',
    brew: 'openblas',
    dnf: 'openblas-devel',
    apk: 'openblas-dev',
    pacman: 'openblas',
    zypper: 'openblas-devel',
  },
  compiler: {
    apt: 'g++',
    brew: 'gcc',
    dnf: 'gcc-c++',
    apk: 'g++',
    pacman: 'gcc',
    zypper: 'gcc-c++',
  },
  make: { apt: 'make', brew: 'make', dnf: 'make', apk: 'make', pacman: 'make', zypper: 'make' },
  python: { apt: 'python3', brew: 'python', dnf: 'python3', apk: 'python3', pacman: 'python', zypper: 'python3' },
  fonts: {
    apt: 'fonts-dejavu-core',
    brew: 'font-dejavu',
    dnf: 'dejavu-sans-fonts',
    apk: 'ttf-dejavu',
    pacman: 'ttf-dejavu',
    zypper: 'dejavu-fonts',
  },
  clangFormat: {
    apt: 'clang-format',
    brew: 'clang-format',
    dnf: 'clang-tools-extra',
    apk: 'clang-extra-tools',
    pacman: 'clang',
    zypper: 'clang-tools',
  },
  numpy: {
    apt: 'python3-numpy',
    brew: 'numpy',
    dnf: 'python3-numpy',
    apk: 'py3-numpy',
    pacman: 'python-numpy',
    zypper: 'python3-numpy',
  },
};

const commands = {
  apt: 'apt-get install',
  brew: 'brew install',
  dnf: 'dnf install',
  apk: 'apk add',
  pacman: 'pacman -S',
  zypper: 'zypper install',
};

const distributions = [
  [/\b(debian|ubuntu)\b/, 'apt'],
  [/\b(fedora|rhel|centos)\b/, 'dnf'],
  [/\balpine\b/, 'apk'],
  [/\barch\b/, 'pacman'],
  [/\bsuse\b/, 'zypper'],
];

/** 'apt', 'brew', ...: by the system's name first, then by what is on the PATH. */
function packageManager() {
  if (process.platform === 'darwin') return 'brew';
  let release = '';
  try {
    release = fs.readFileSync('/etc/os-release', 'utf8');
  } catch {
    // not every system has it
  }
  const ids = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].map((match) => match[1]).join(' ');
  for (const [pattern, manager] of distributions) if (pattern.test(ids)) return manager;
  const programs = { 'apt-get': 'apt', dnf: 'dnf', apk: 'apk', pacman: 'pacman', zypper: 'zypper', brew: 'brew' };
  for (const [program, manager] of Object.entries(programs)) if (which(program)) return manager;
  return 'apt';
}

/** The names of the packages for these needs, for the package manager of this system. */
function packageNames(needs, manager = packageManager()) {
  return needs.map((need) => names[need][manager]);
}

/** The command that a person types to install these needs here. */
function installCommand(needs, manager = packageManager()) {
  const sudo = manager === 'brew' ? '' : 'sudo ';
  return `${sudo}${commands[manager]} ${packageNames(needs, manager).join(' ')}`;
}

module.exports = { packageManager, packageNames, installCommand };
