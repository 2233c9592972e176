'use strict';
// System packages: installs them through apt-get where that is possible, and says the command where it is not.

const { Stop, say, capture, which, tail } = require('./process.js');
const { packageManager, packageNames, installCommand } = require('./platform.js');

/** The words before apt-get: none as root, sudo otherwise; undefined where there is neither. */
function privilege({ mayAsk }) {
  if (process.getuid?.() === 0) return [];
  if (!which('sudo')) return undefined;
  if (capture('sudo', ['-n', 'true']).ok) return ['sudo', '-n'];
  return mayAsk && process.stdin.isTTY ? ['sudo'] : undefined;
}

function aptInstall(packages, rights) {
  const run = (...args) => {
    const words = [
      ...rights,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      ...['-y', '-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'],
      ...args,
    ];
    // stdin and the terminal stay, so that sudo can ask for the password
    return capture(words[0], words.slice(1), { stdio: ['inherit', 'pipe', 'pipe'] });
  };
  const install = () => run('install', '--no-install-recommends', ...packages);
  let done = install();
  if (!done.ok) {
    // The lists may be missing or old: fetch them, once.
    const update = run('update');
    done = install();
    if (!done.ok) return tail(`${update.ok ? '' : update.output}${done.output}`, 15);
  }
  return undefined;
}

/**
 * Installs what these needs ('openblas', 'fonts', ...) stand for, or throws a Stop with the command to type.
 * `reason` completes the sentence "Installing X: ...".
 */
function installSystemPackages(needs, reason) {
  const manager = packageManager();
  const packages = packageNames(needs, manager).join(' ');
  const mend = `Install it and run again: ${installCommand(needs, manager)}`;
  if (manager !== 'apt' || !which('apt-get')) throw new Stop(`Missing: ${packages} (${reason}). ${mend}`);
  const rights = privilege({ mayAsk: true });
  if (!rights) throw new Stop(`Missing: ${packages} (${reason}), and no right to install it here. ${mend}`);
  say(`Installing ${packages} with apt-get: ${reason}.`);
  const failure = aptInstall(packageNames(needs, manager), rights);
  if (failure !== undefined) throw new Stop(`${failure}\napt-get could not install ${packages}. ${mend}`);
}

/** The same for what is nice to have: never asks for a password and never stops; false where it is still missing. */
function tryInstallSystemPackages(needs, reason) {
  if (packageManager() !== 'apt' || !which('apt-get')) return false;
  const rights = privilege({ mayAsk: false });
  if (!rights) return false;
  say(`Installing ${packageNames(needs).join(' ')} with apt-get: ${reason}.`);
  return aptInstall(packageNames(needs), rights) === undefined;
}

module.exports = { installSystemPackages, tryInstallSystemPackages };
