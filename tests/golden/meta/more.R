# Makes more.json: what metafor_bcg_normand.json does not hold. R 4.2.2, metafor 3.8-1, lme4 1.1-31.
# Rscript more.R
suppressMessages({library(metafor); library(jsonlite)})
n <- function(x) as.numeric(x)
tight <- list(threshold = 1e-12, maxiter = 1000)
out <- list()

# Rare events: catheter colonisation (Nielweise et al. 2007), and BCG as a case that is not rare.
rare <- dat.nielweise2007
out$nielweise <- as.list(rare[c("study", "ai", "n1i", "ci", "n2i")])
for (m in c("RR", "OR", "RD", "PETO")) {
  es <- escalc(measure = m, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = rare)
  out$escalc[[m]] <- list(yi = n(es$yi), vi = n(es$vi))
}
for (m in c("OR", "RR", "RD")) {
  r <- rma.mh(measure = m, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = rare, correct = FALSE)
  out$mh[[m]] <- list(beta = n(r$beta), se = r$se, ci = c(r$ci.lb, r$ci.ub), QE = r$QE)
}
r <- rma.mh(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = rare, correct = TRUE)
out$mh$test <- list(MH = r$MH, MHp = r$MHp)
r <- rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = rare)
out$peto <- list(beta = n(r$beta), se = r$se, QE = r$QE)

glmm <- function(data, model, method, ...) {
  r <- suppressWarnings(rma.glmm(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = data,
    model = model, method = method, ...))
  list(beta = n(r$beta), se = n(r$se), tau2 = n(r$tau2), ll = n(r$fit.stats["ll", "ML"]))
}
bcg <- transform(dat.bcg, ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg)
# rma.glmm hands its controls on to glmer only in part, so that "UM.FS" is fitted by lme4 itself, to tight tolerances;
# rma.glmm(model = "UM.FS", nAGQ = 25) gives the same to 3e-4.
unconditional <- function(data) {
  data <- data[data$ai + data$ci > 0, ]
  k <- nrow(data)
  long <- data.frame(x = c(rbind(data$ai, data$ci)), m = c(rbind(data$n1i - data$ai, data$n2i - data$ci)),
    study = factor(rep(1:k, each = 2)), group = rep(c(1, 0), k))
  f <- lme4::glmer(cbind(x, m) ~ -1 + study + group + (I(group - 0.5) - 1 | study), data = long, family = binomial, nAGQ = 25,
    control = lme4::glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(rhoend = 1e-9, maxfun = 1e5)))
  list(beta = n(lme4::fixef(f)["group"]), se = sqrt(vcov(f)["group", "group"]), tau2 = n(unlist(lme4::VarCorr(f))))
}
for (name in c("rare", "bcg")) {
  data <- get(name)
  out$glmm[[name]]$UM.FS <- unconditional(data)
  out$glmm[[name]]$UM.FS_fixed <- glmm(data, "UM.FS", "FE")
  out$glmm[[name]]$CM.EL <- tryCatch(
    glmm(data, "CM.EL", "ML", control = list(optimizer = "nlminb", rel.tol = 1e-13, intCtrl = list(rel.tol = 1e-10))),
    error = function(e) { message(e); NULL })
  out$glmm[[name]]$CM.EL_fixed <- tryCatch(glmm(data, "CM.EL", "FE"), error = function(e) { message(e); NULL })
}

# The ad hoc floor of Knapp and Hartung, and meta-regression with it.
few <- data.frame(yi = c(-0.77, -0.57, -0.62), vi = c(0.055, 0.045, 0.3))
out$few <- as.list(few)
for (test in c("knha", "adhoc")) {
  r <- rma(yi, vi, data = few, test = test, method = "REML", control = tight)
  out$floor[[test]] <- list(beta = n(r$beta), se = r$se, ci = c(r$ci.lb, r$ci.ub), pval = r$pval, tau2 = r$tau2)
}
es <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
r <- rma(yi, vi, mods = ~ ablat + year, data = es, test = "knha", control = tight)
out$regression <- list(beta = n(r$beta), se = n(r$se), pval = n(r$pval), tau2 = r$tau2, R2 = r$R2, QM = r$QM, QMp = r$QMp,
  QE = r$QE, ci.lb = n(r$ci.lb), ci.ub = n(r$ci.ub))
r <- cumul(rma(yi, vi, data = es[order(es$year), ], control = tight))
out$cumul <- list(estimate = n(r$estimate), se = n(r$se), tau2 = n(r$tau2))
r <- rma(yi, vi, data = es, method = "ML", control = tight)
out$profile <- list(ML = confint(r, type = "PL")$random[1, 2:3])
r <- rma(yi, vi, data = es, method = "REML", control = tight)
out$profile$REML <- n(confint(r, type = "PL")$random[1, 2:3]); out$profile$ML <- n(out$profile$ML)
out$qprofile <- n(confint(r, control = list(tol = 1e-14, tau2.max = 100))$random[1, 2:3])

# Two dose arms that share a control in two of four trials.
V <- bldiag(list(matrix(c(.25, .14, .14, .30), 2), matrix(.2), matrix(c(.22, .1, .1, .18), 2), matrix(.4)))
shared <- data.frame(yi = c(-1.6, -1.3, 0.2, -.3, -.8, -2.4), trial = c(1, 1, 2, 3, 3, 4), arm = 1:6)
out$shared <- list(yi = shared$yi, trial = shared$trial, V = V)
strict <- list(optimizer = "BFGS", reltol = 1e-14)
r <- rma.mv(yi, V, data = shared); out$shared$fixed <- list(beta = n(r$beta), se = r$se, QE = r$QE)
r <- rma.mv(yi, V, random = ~ 1 | trial, data = shared, control = strict)
out$shared$trial <- list(beta = n(r$beta), se = r$se, tau2 = r$sigma2, ll = n(logLik(r)))
r <- rma.mv(yi, V, random = ~ arm | trial, struct = "CS", rho = 0.5, data = shared, control = strict)
out$shared$half <- list(beta = n(r$beta), se = r$se, tau2 = r$tau2, ll = n(logLik(r)))

# metafor_bcg_normand.json holds these at metafor's default threshold of 1e-5 of the step in tau2; here at 1e-12.
first <- fromJSON("metafor_bcg_normand.json")
for (name in c("bcg_RR", "bcg_OR", "bcg_RD", "normand1999_SMD", "normand1999_MD")) {
  yi <- first[[name]]$yi; vi <- first[[name]]$vi
  r <- rma(yi, vi, method = "REML", control = tight)
  l <- leave1out(r); t <- regtest(r); b <- blup(r)
  fill <- function(estimator) {
    f <- trimfill(r, estimator = estimator)
    list(k0 = f$k0, side = f$side, beta = n(f$beta), se = f$se, tau2 = f$tau2)
  }
  out$polished[[name]] <- list(
    loo = sapply(c("estimate", "se", "pval", "ci.lb", "ci.ub", "Q", "Qp", "tau2", "I2", "H2"), function(f) n(l[[f]]),
      simplify = FALSE),
    egger = list(zval = t$zval, pval = t$pval, est = n(t$est), ci = c(t$ci.lb, t$ci.ub)),
    trimfill_L0 = fill("L0"), trimfill_R0 = fill("R0"), cooks = n(cooks.distance(r)), rstudent = n(rstudent(r)$z),
    blup = list(pred = n(b$pred), se = n(b$se)))
}
write_json(out, "more.json", digits = 15, auto_unbox = TRUE, pretty = TRUE)
